from typing import Any, Protocol


class Notify(Protocol):
    """Records a `notice` event in a run. `message` is one sentence for a person."""

    def __call__(self, code: str, message: str, **data: Any) -> None: ...
