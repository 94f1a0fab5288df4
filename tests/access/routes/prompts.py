from tests.access.cast import World
from tests.access.rules import ANY_EDITOR, ANY_MEMBER, CHANGE, DELETE, EDITORS, SEE, Route, of_session


def session(world: World) -> dict[str, object]:
    return {"session_id": world.session.pk}


def turn(world: World) -> dict[str, object]:
    world.run  # noqa: B018  (there is something to stop)
    return {"turn_id": world.turn.pk}


def run(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk}


def prompt(world: World) -> dict[str, object]:
    return {"prompt": "Go on.", "model": ["sim/sim-n5-r0"], "session": str(world.session.pk)}


ROUTES = [
    Route("prompts:playground", ANY_MEMBER),
    Route("prompts:samples", ANY_EDITOR, method="post"),
    of_session("prompts:session", SEE, args=session),
    Route("prompts:live", ANY_MEMBER),
    of_session("prompts:session-turns", SEE, args=session),
    of_session("prompts:visibility", SEE, args=session),
    of_session("prompts:visibility", CHANGE, method="post", args=session, data=lambda world: {"visibility": "private"}),
    of_session("prompts:copy", EDITORS, method="post", args=session),
    of_session("prompts:turns", CHANGE, method="post", data=prompt),
    of_session("prompts:stop-turn", DELETE, method="post", args=turn),
    of_session("prompts:stop", DELETE, method="post", args=run),
    of_session("prompts:retry", CHANGE, method="post", args=run),
    of_session("prompts:continue", CHANGE, method="post", args=run),
]
