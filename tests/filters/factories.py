"""Rules as a workspace keeps them, and answers put together again from what a viewer of a filtered run gets."""

from collections.abc import Iterable
from typing import Any

from playground.filters.models import FilterRule
from playground.workspaces.models import Workspace


def make_rule(pattern: str = "cat", replacement: str = "dog", **fields: Any) -> FilterRule:
    workspace = fields.pop("workspace", None) or Workspace.objects.default()
    position = workspace.filter_rules.count()
    values = {"name": f"Rule {position}", "position": position, **fields}
    return FilterRule.objects.create(workspace=workspace, pattern=pattern, replacement=replacement, **values)


def shown_part(events: Iterable[tuple[str, Any]], part: str = "text") -> str:
    """What a page shows of `(kind, data)` as they came through the view."""
    shown = ""
    for kind, data in events:
        if kind == "chunk":
            came = {"text": data} if isinstance(data, str) else data
            shown += came.get("shown", {}).get(part, came.get(part) or "")
        elif kind == "run.ended":
            shown += data.get("tail", {}).get(part, "")
    return shown
