"""What a dialect is: how to ask, and how to read the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple, Protocol

from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.request import GenerationRequest
from playground.recording.events import EventData

CONTENT_FILTER: Final = "content_filter"  # the finish reason, in OpenAI's words, of an answer that a filter ended


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`path` is appended to the endpoint's base URL, so that a key can only go to the host it was stored for.

    `ignored`: the parameters of the request that the dialect has no word for; a notice of the run names them.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""
    ignored: tuple[str, ...] = ()


class Part(NamedTuple):
    """One event of an answer: its kind and data as in `recording.events`; `end` counts the answer's bytes from 0."""

    kind: str
    data: EventData
    end: int


class Parser(Protocol):
    """Reads one attempt's answer. Pure: bytes in, parts out; it never raises and never waits.

    `error` is set once the answer turns out to be none, `done` once its end marker was seen; what follows is ignored.
    `finish_reason` and `usage` are the last that the provider sent.
    """

    finish_reason: str | None
    usage: Mapping[str, Any] | None
    error: ProviderError | None
    done: bool

    def feed(self, raw: bytes) -> list[Part]:
        """What `raw`, the next bytes of the body, completes."""
        ...

    def close(self) -> list[Part]:
        """The body has ended: what was still held back. Sets `error` if the end marker is missing."""
        ...


class Dialect(Protocol):
    """`label` and `example` are for the form of a connection: the dialect's name for people, and a base URL.

    `finish_reasons`: what the dialect's finish reasons are in OpenAI's words (stop, length, tool_calls,
    content_filter, error); a reason that is not in it is its own. `Parser.finish_reason` keeps the provider's word.
    """

    name: str
    label: ClassVar[str]
    example: ClassVar[str]
    finish_reasons: ClassVar[Mapping[str, str]]

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """How to ask for what `request` says, streaming if the endpoint can. Raises InvalidRequest."""
        ...

    def parser(self, request: GenerationRequest) -> Parser:
        """A parser for one attempt's answer."""
        ...

    def models_request(self, endpoint: Endpoint) -> HttpRequest | None:
        """How to ask which models there are; None where the dialect has no such question."""
        ...

    def read_models(self, body: bytes) -> list[str]:
        """The models' names in the answer; where there is no question, the dialect's own. Raises MalformedAnswer."""
        ...


def common_reason(dialect: Dialect, reason: str | None) -> str | None:
    """A finish reason in OpenAI's words."""
    return None if reason is None else dialect.finish_reasons.get(reason, reason)
