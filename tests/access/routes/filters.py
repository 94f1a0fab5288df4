from playground.workspaces.models import Workspace
from tests.access.cast import World
from tests.access.rules import ANY_EDITOR, ANY_MEMBER, OF_EDITORS, Route
from tests.filters.factories import make_rule

TYPED = {"name": "Another", "part": "text", "pattern": "cat", "replacement": "dog"}


def rule(world: World) -> dict[str, object]:
    rules = Workspace.objects.get(pk=world.workspace.pk).filter_rules
    return {"rule_id": (rules.first() or make_rule(workspace=world.workspace)).pk}


ROUTES = [
    Route("filters:rules", ANY_MEMBER),
    Route("filters:new", ANY_EDITOR),
    Route("filters:new", ANY_EDITOR, method="post", data=lambda world: TYPED),
    Route("filters:lab", ANY_MEMBER),
    Route("filters:lab", ANY_MEMBER, method="post", data=lambda world: {**TYPED, "run": str(world.run.pk)}),
    Route("filters:edit", OF_EDITORS, args=rule),
    Route("filters:edit", OF_EDITORS, method="post", args=rule, data=lambda world: TYPED),
    Route("filters:move", OF_EDITORS, method="post", args=rule, data=lambda world: {"to": "up"}),
    Route("filters:enable", OF_EDITORS, method="post", args=rule),
    Route("filters:delete", OF_EDITORS, args=rule),
    Route("filters:delete", OF_EDITORS, method="post", args=rule),
]
