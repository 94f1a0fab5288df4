"""Models and how to ask them: `from playground.providers import Model`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.providers.chunk import Chunk
    from playground.providers.model import Model

__all__ = ["Chunk", "Model"]


def __getattr__(name: str) -> Any:
    """Imported at first use: whoever wants one module of this package need not load the HTTP client with it."""
    if name == "Model":
        from playground.providers.model import Model

        return Model
    if name == "Chunk":
        from playground.providers.chunk import Chunk

        return Chunk
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
