from tests.access.cast import World
from tests.access.rules import ANY_EDITOR, ANY_OWNER, OF_OWNERS, Route


def connection(world: World) -> dict[str, object]:
    return {"name": world.connection.name}


ROUTES = [
    Route("connections:list", ANY_EDITOR),
    Route("connections:add", ANY_OWNER),
    Route("connections:edit", OF_OWNERS, args=connection),
    Route("connections:delete", OF_OWNERS, method="post", args=connection),
    Route("connections:test", OF_OWNERS, method="post", args=connection),
]
