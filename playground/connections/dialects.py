"""The dialects that a connection may speak."""

from typing import Final

DIALECTS: Final[tuple[str, ...]] = ("openai-chat", "openai-completions")
