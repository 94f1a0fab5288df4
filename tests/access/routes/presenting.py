from datetime import datetime

from playground.presenting.codes import code_of
from playground.presenting.models import Show
from playground.presenting.shows import start_show
from tests.access.cast import World
from tests.access.rules import BY_A_LINK, CHANGE, EDITORS, Route, both, of_session


def session(world: World) -> dict[str, object]:
    world.run  # noqa: B018  (there is something to show)
    return {"session_id": world.session.pk}


def turn(world: World) -> dict[str, object]:
    return {"turn_id": world.run.turn_id}


def show(world: World) -> dict[str, object]:
    return {"show_id": start_show(world.author, world.session).pk}


def code(world: World) -> dict[str, object]:
    def make(*, expires_at: datetime, revoked_at: datetime | None) -> str:
        made = start_show(world.author, world.session)
        Show.objects.filter(pk=made.pk).update(expires_at=expires_at, ended_at=revoked_at)
        return code_of(made.pk)

    return {"code": world.link_token(make)}


ROUTES = [
    of_session("presenting:prepare", EDITORS, args=session),
    of_session("presenting:prepare", EDITORS, method="post", args=session, data=lambda world: {"mode": "replay"}),
    of_session("presenting:report", CHANGE, args=session),
    of_session("presenting:note", CHANGE, method="post", args=turn, data=lambda world: {"text": "Smile."}),
    of_session("presenting:recording", CHANGE, method="post", args=turn, data=lambda world: {"lane": "0"}),
    *both(["presenting:stage", "presenting:speaker", "presenting:state"], CHANGE, args=show),
    of_session("presenting:do", CHANGE, method="post", args=show, data=lambda world: {"do": "next"}),
    of_session("presenting:end", CHANGE, method="post", args=show),
    Route("presenting:watch", BY_A_LINK, args=code),
    Route("presenting:watched-state", BY_A_LINK, args=code),
    of_session("presenting:check", CHANGE, method="post", args=session),
]
