"""How a model is asked to go on from a part of its answer: data, by dialect.

The part is the last thing that the model said. Where a server lets a model write on after its own last message
(`prefill`), the text goes on in mid-word. Elsewhere that message is history, and one of the user's asks to go on.

| way | who |
|---|---|
| `prefill` | Ollama, llama.cpp, LM Studio, SGLang, Claude before 4.6; the text of `openai-completions` |
| `prefill-vllm` | vLLM and transformers, which need to be told: `continue_final_message` |
| `prefill-prefix` | Mistral and DeepSeek (beta), where the message says it: `"prefix": true` |
| `instruction` | every chat model: OpenAI, Gemini, Cohere, and Claude since 4.6, which refuses a prefill with a 400 |

Sources: https://docs.vllm.ai (continue_final_message), https://docs.mistral.ai/capabilities/completion/prefix,
https://api-docs.deepseek.com/guides/chat_prefix_completion, https://platform.claude.com/docs (prefill removal).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

INSTRUCTION: Final = (
    "Your last message was cut off. Continue it exactly where it stopped. Write only what comes next: do not repeat "
    "any of it, and do not begin with a remark."
)
_LONGEST_WORD: Final = 40  # characters; a longer run without a space is no word, or of a script that has no spaces
_LAST_WORD: Final = re.compile(rf"(?<=\s)[^\s\u2e80-\ufaff]{{1,{_LONGEST_WORD}}}\Z")


def _all(part: str) -> str:
    return part


def _without_last_word(part: str) -> str:
    """A cut may be in mid-word, and no model that is asked in words goes on in one: it writes the word anew."""
    return _LAST_WORD.sub("", part)


@dataclass(frozen=True, slots=True)
class Way:
    """`instruction`: the message after the part; "": the part is the last. `marks`: what the part's message says beside
    its text. `parameters`: what the request says beside the messages. `kept`: how much of the part is sent.
    """

    name: str
    instruction: str = ""
    marks: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kept: Callable[[str], str] = _all

    def messages(self, asked: Sequence[Mapping[str, Any]], part: str) -> list[dict[str, Any]]:
        """What was asked, and the `part` of the answer to go on from."""
        said = {"role": "assistant", "content": self.kept(part) or part, **self.marks}
        then = [{"role": "user", "content": self.instruction}] if self.instruction else []
        return [*map(dict, asked), said, *then]


PREFILL: Final = Way("prefill")
WAYS: Final[Mapping[str, Way]] = {
    way.name: way
    for way in (
        PREFILL,
        Way("prefill-vllm", parameters={"continue_final_message": True, "add_generation_prompt": False}),
        Way("prefill-prefix", marks={"prefix": True}),
        Way("instruction", INSTRUCTION, kept=_without_last_word),
    )
}
_ANTHROPIC_PREFILL: Final = replace(PREFILL, kept=str.rstrip)  # a message that ends with a space is refused
_PREFILLED: Final = frozenset({"openai-completions", "ollama"})


def way_of(dialect: str, chosen: str = "") -> Way:
    """The way of a dialect; `chosen` is the name of another, where a connection knows its server better."""
    if dialect == "anthropic" and chosen == PREFILL.name:
        return _ANTHROPIC_PREFILL
    return WAYS.get(chosen) or (PREFILL if dialect in _PREFILLED else WAYS["instruction"])
