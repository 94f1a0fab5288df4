"""Where servers that speak OpenAI's chat put what OpenAI puts elsewhere, or has no place for. Data; `openai` reads it.

Which server answers is not known, so an answer is read by all of these together. Each server has a fixture of its name
in tests/providers/fixtures/openai-chat.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """`reasoning`: members of a delta. `usage`, `errors`, `citations`: paths in an event. `cited`: paths in a delta.

    `keepalives`: the comments that it sends while nothing else comes. `finish_reasons`: its own words for OpenAI's.
    """

    name: str
    source: str
    reasoning: tuple[str, ...] = ()
    usage: tuple[Path, ...] = ()
    errors: tuple[Path, ...] = ()
    citations: tuple[Path, ...] = ()
    cited: tuple[Path, ...] = ()
    keepalives: tuple[str, ...] = ()
    finish_reasons: tuple[tuple[str, str], ...] = ()


SERVERS: Final = (
    Server(
        "openai",
        "https://platform.openai.com/docs/api-reference/chat/streaming",
        usage=(("usage",),),
        errors=(("error",),),
        cited=(("annotations",),),
        finish_reasons=(("function_call", "tool_calls"),),
    ),
    Server(
        "azure",  # an empty `choices` with prompt_filter_results first; later filter results without a delta
        "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming",
        cited=(("context", "citations"),),
    ),
    Server(
        "openrouter",  # an error comes with a choice whose finish_reason is `error`
        "https://openrouter.ai/docs/api-reference/streaming",
        reasoning=("reasoning",),
        keepalives=("OPENROUTER PROCESSING",),
    ),
    Server(
        "deepseek",
        "https://api-docs.deepseek.com/guides/reasoning_model",
        reasoning=("reasoning_content",),
        keepalives=("keep-alive",),
    ),
    Server(
        "groq",
        "https://console.groq.com/docs/api-reference#chat-create",
        reasoning=("reasoning",),
        usage=(("x_groq", "usage"),),
        errors=(("x_groq", "error"),),
    ),
    Server(
        "xai",  # an error is `{"code": "…", "error": "text"}`
        "https://docs.x.ai/docs/guides/live-search",
        reasoning=("reasoning_content",),
        citations=(("citations",),),
    ),
    Server(
        "vllm",  # [DONE] comes after an error too
        "https://docs.vllm.ai/en/latest/features/reasoning_outputs.html",
        reasoning=("reasoning", "reasoning_content"),
        finish_reasons=(("abort", "error"),),
    ),
    Server(
        "sglang",
        "https://docs.sglang.ai/basic_usage/openai_api_completions.html",
        reasoning=("reasoning_content",),
        finish_reasons=(("abort", "error"),),
    ),
    Server(
        "llama-cpp",  # once it put errors into a line `error: {…}`
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        reasoning=("reasoning_content",),
    ),
    Server(
        "tgi",  # `data:` without a space; one tool call as an object instead of a list
        "https://huggingface.co/docs/text-generation-inference/messages_api",
        finish_reasons=(("eos_token", "stop"), ("stop_sequence", "stop")),
    ),
    Server(
        "lm-studio",  # an error has `event: error`
        "https://lmstudio.ai/docs/developer/api-changelog",
        reasoning=("reasoning_content", "reasoning"),
    ),
)


def _all(found: Iterable[Iterable[Path]]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for paths in found for path in paths))


REASONING: Final = _all(((name,) for name in server.reasoning) for server in SERVERS)
USAGE: Final = _all(server.usage for server in SERVERS)
ERRORS: Final = _all(server.errors for server in SERVERS)
CITATIONS: Final = _all(server.citations for server in SERVERS)
CITED: Final = _all(server.cited for server in SERVERS)
# Members of an event that only some servers have: where none is there, an event has nothing of the above but `usage`.
RARE: Final = frozenset(path[0] for path in (*ERRORS, *CITATIONS, *USAGE)) - {"error", "usage"}
FINISH_REASONS: Final = {own: common for server in SERVERS for own, common in server.finish_reasons}
