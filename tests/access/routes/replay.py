from tests.access.cast import World
from tests.access.rules import ANY_MEMBER, SEE, Route, both, of_session


def run(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk}


def turn(world: World) -> dict[str, object]:
    return {"turn_id": world.run.turn_id}


ROUTES = [
    *both(["replay:run", "replay:run-recording"], SEE, args=run),
    *both(["replay:turn", "replay:turn-recording"], SEE, args=turn),
    Route("replay:compare", ANY_MEMBER),
    of_session("replay:compare", SEE, data=lambda world: {"a": world.run.pk}),
    of_session("replay:compare", SEE, data=lambda world: {"a": world.run.pk, "b": world.other_run.pk}),
]
