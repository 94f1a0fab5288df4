"""With a bearer token of whoever asks; by a link there is none, and a revoked token opens nothing."""

from tests.access.cast import Who, World
from tests.access.rules import ANY_MEMBER, CHANGE, DELETE, PUBLIC, SEE, Answer, Route, of_session, rule

EDITOR_HERE = rule(Who.EDITOR, Who.OWNER, Who.AUTHOR, stranger=Answer.YES)


def run(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk}


def session(world: World) -> dict[str, object]:
    return {"session_id": world.session.pk}


ROUTES = [
    Route("api:openapi-json", PUBLIC),
    Route("api:api-root", dict.fromkeys(Who, Answer.UNKNOWN)),
    Route("api:get_models", ANY_MEMBER),
    Route("api:get_sessions", ANY_MEMBER),
    of_session("api:get_session", SEE, args=session),
    of_session("api:get_run", SEE, args=run),
    of_session("api:get_events", SEE, args=run),
    of_session("api:export_run", SEE, args=run),
    Route("api:import", EDITOR_HERE, method="post"),
    of_session("api:cancel_run", DELETE, method="post", args=run),
    of_session("api:retry", CHANGE, method="post", args=run),
    of_session("api:go_on", CHANGE, method="post", args=run),
    Route(
        "api:create_run", EDITOR_HERE, method="post", data=lambda world: {"model": "sim/sim-n5-r0", "prompt": "Hello"}
    ),
]
