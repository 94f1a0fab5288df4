from tests.access.cast import World
from tests.access.rules import ANY_EDITOR, ANY_MEMBER, ANY_OWNER, OF_OWNERS, Route


def connection(world: World) -> dict[str, object]:
    return {"name": world.connection.name}


def one_token(world: World) -> dict[str, object]:
    return {"connection": "sim", "model": "sim-n1-r0-d0"}


ROUTES = [
    Route("connections:list", ANY_EDITOR),
    Route("connections:add", ANY_OWNER),
    Route("connections:edit", OF_OWNERS, args=connection),
    Route("connections:delete", OF_OWNERS, method="post", args=connection),
    Route("connections:capabilities", ANY_MEMBER),
    Route("connections:measure", ANY_OWNER, method="post", data=one_token),
    Route("connections:measure-all", ANY_OWNER, method="post"),
    Route("connections:test", OF_OWNERS, method="post", args=connection),
]
