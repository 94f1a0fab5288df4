from django.utils import timezone

from playground.review.models import SavedFilter
from playground.runs.models import Session
from tests.access.cast import Who, World
from tests.access.rules import ANY_EDITOR, ANY_MEMBER, CHANGE, DELETE, SEE, Answer, Route, both, of_session, rule

PANELS = ("answer", "characters", "tokens", "timeline", "events", "bytes")
DELETED_AT = timezone.now()


def session(world: World) -> dict[str, object]:
    return {"session_id": world.session.pk}


def deleted_session(world: World) -> dict[str, object]:
    Session.objects.filter(pk=world.session.pk).update(deleted_at=DELETED_AT)
    return session(world)


def moment(world: World) -> dict[str, object]:
    deleted_session(world)
    return {"moment": DELETED_AT.isoformat()}


def shared_filter(world: World) -> dict[str, object]:
    saved = SavedFilter.objects.create(
        workspace=world.workspace, owner=world.author, name="Slow", query="ttft_min=900", is_shared=True
    )
    return {"filter_id": saved.pk}


def run(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk}


RESTORE = rule(Who.AUTHOR, Who.OWNER, others=Answer.UNKNOWN)
OF_FILTER = rule(Who.AUTHOR, Who.OWNER)

ROUTES = [
    *both(["history:sessions", "history:live", "history:sidebar"], ANY_MEMBER, Route),
    *both(["history:import"], ANY_EDITOR, Route),
    Route("history:import", ANY_EDITOR, "post"),
    Route("history:bulk", ANY_MEMBER, "post", data=lambda world: {"action": "tag", "session": world.session.pk}),
    Route("history:save-filter", ANY_MEMBER, "post", data=lambda world: {"name": "Slow", "query": "ttft_min=900"}),
    Route("history:change-filter", OF_FILTER, "post", args=shared_filter, data=lambda world: {"name": "Slower"}),
    Route("history:delete-filter", OF_FILTER, "post", args=shared_filter),
    of_session("history:restore-all", RESTORE, method="post", data=moment),
    of_session("history:row", SEE, args=session),
    of_session("history:rename", CHANGE, args=session),
    of_session("history:rename", CHANGE, method="post", args=session, data=lambda world: {"title": "Another"}),
    of_session("history:pin", CHANGE, method="post", args=session, data=lambda world: {"pinned": "1"}),
    of_session("history:delete", DELETE, method="post", args=session),
    of_session("history:restore", RESTORE, method="post", args=deleted_session),
    of_session("history:run", SEE, args=run),
    *both([f"history:{view}" for view in PANELS], SEE, args=run),
    of_session("history:inspect", SEE, args=run, query="?seq=0"),
    of_session("history:event", SEE, args=lambda world: {"run_id": world.run.pk, "seq": 0}),
]
