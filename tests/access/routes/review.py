from playground.review.models import Comment, RatingScale, Redaction, Review, Tag, Thread
from tests.access.cast import Who, World
from tests.access.rules import (
    ANY_MEMBER,
    ANY_OWNER,
    DELETE,
    EDITORS,
    OF_OWNERS,
    SEE,
    Route,
    both,
    of_session,
    rule,
)


def session(world: World) -> dict[str, object]:
    return {"session_id": world.session.pk}


def run(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk}


def thread(world: World) -> dict[str, object]:
    return {"thread_id": _thread(world).pk}


def comment(world: World) -> dict[str, object]:
    """AUTHOR's."""
    return {"comment_id": Comment.objects.create(thread=_thread(world), author=world.author, body="Hello").pk}


def redaction(world: World) -> dict[str, object]:
    made = Redaction.objects.create(turn=world.turn, part="prompt", start=0, end=3, created_by=world.author)
    return {"redaction_id": made.pk}


def tag(world: World) -> dict[str, object]:
    return {"tag_id": Tag.objects.get_or_create(workspace=world.workspace, name="good")[0].pk}


def scale(world: World) -> dict[str, object]:
    return {"scale_id": RatingScale.objects.get_or_create(workspace=world.workspace, name="Tone")[0].pk}


def queued(world: World) -> dict[str, object]:
    """In the queue, with nobody to review it yet."""
    Review.objects.get_or_create(
        session=world.session, defaults={"requested_by": world.author, "requested_at": world.session.updated_at}
    )
    return session(world)


def _thread(world: World) -> Thread:
    return Thread.objects.create(session=world.session, anchor="session", created_by=world.author)


ROUTES = [
    *both(["review:queue", "review:next", "review:mentions", "review:badge", "review:tags"], ANY_MEMBER, Route),
    Route("review:seen", ANY_MEMBER, method="post"),
    Route("review:scales", ANY_MEMBER),
    Route("review:scales", ANY_OWNER, method="post", data=lambda world: {"name": "Tone"}),
    Route("review:change-scale", OF_OWNERS, "post", scale, data=lambda world: {"archived": "1"}),
    Route("review:rename-tag", OF_OWNERS, "post", tag, data=lambda world: {"name": "better"}),
    Route("review:delete-tag", OF_OWNERS, "post", tag),
    *both(["review:session", "review:marks"], SEE, args=session),
    of_session("review:start", SEE, method="post", args=session, data=lambda world: {"body": "Hello"}),
    of_session("review:thread", SEE, args=thread),
    of_session("review:reply", SEE, method="post", args=thread, data=lambda world: {"body": "Hello"}),
    of_session("review:resolve", SEE, method="post", args=thread, data=lambda world: {"resolved": "1"}),
    of_session("review:edit", rule(Who.AUTHOR), method="post", args=comment, data=lambda world: {"body": "Better"}),
    of_session("review:delete", DELETE, method="post", args=comment),
    of_session("review:rate", SEE, method="post", args=run, data=lambda world: {"value": "1"}),
    of_session("review:add-tag", EDITORS, method="post", args=session, data=lambda world: {"name": "good"}),
    of_session("review:remove-tag", EDITORS, method="post", args=lambda world: {**session(world), **tag(world)}),
    of_session("review:ask", EDITORS, method="post", args=session, data=lambda world: {"visible": "1"}),
    of_session("review:assign", SEE, method="post", args=queued, data=lambda world: {"assignee": "me"}),
    of_session("review:done", EDITORS, method="post", args=queued),
    of_session("review:withdraw", EDITORS, method="post", args=queued),
    of_session(
        "review:redact",
        DELETE,
        method="post",
        args=session,
        data=lambda world: {"part": "prompt", "turn": world.turn.pk, "quote": "song", "near": "0"},
    ),
    of_session("review:redact-everywhere", DELETE, method="post", args=redaction),
    of_session("review:unredact", DELETE, method="post", args=redaction),
]
