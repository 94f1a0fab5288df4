"""What the REST API takes and gives. Names and shapes are documented in `docs/api.md` and do not change."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from playground.providers.langchain_events import EventFilter
from playground.recording.steps import LetsIn


class MessageIn(Schema):
    """`content`: a text, or a list of parts `{"type": "text", "text"}`; images and files cannot be sent."""

    role: Literal["system", "user", "assistant"]
    content: str | list[dict[str, Any]]


class RunIn(Schema):
    """Either `prompt` or `messages`. `session`: the id of a session of yours to add the turn to.

    `record` false: it is streamed, and nothing of it is kept.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    prompt: str | None = None
    messages: list[MessageIn] | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    session: UUID | None = None
    record: bool = True


class RunStarted(Schema):
    id: UUID
    status: str
    url: str
    session: UUID


class ErrorOut(Schema):
    code: str
    message: str


class ErrorBody(Schema):
    error: dict[str, str]


class RunOut(Schema):
    """`text` is the last attempt's, choice 0; `attempts` a count; times in `metrics` in ms.

    `retries`, `continues`: the run whose request was sent again, or whose text it goes on from; `text` holds nothing of
    that.
    """

    id: UUID
    status: str
    model: str
    text: str
    finish_reason: str | None
    error: ErrorOut | None
    attempts: int
    usage: dict[str, Any] | None
    retries: UUID | None
    continues: UUID | None
    metrics: dict[str, Any]
    session: UUID
    url: str
    created_at: datetime


class CancelOut(Schema):
    id: UUID
    status: str


class SessionOut(Schema):
    id: UUID
    title: str
    pinned: bool
    created_at: datetime
    updated_at: datetime
    url: str


class SessionFilters(Schema):
    """All are texts, "" for none. `rating`: up, down, none; any-4 (at least 4 on any scale), or SCALE_ID-4."""

    q: str = ""
    scope: str = ""
    author: str = ""
    model: str = ""
    status: str = ""
    tag: str = ""
    rating: str = ""
    review: str = ""
    since: str = ""
    until: str = ""
    ttft_min: str = ""
    ttft_max: str = ""
    rate_min: str = ""
    rate_max: str = ""
    has_errors: str = ""
    has_notices: str = ""
    has_comments: str = ""
    cursor: str = ""


class StepFilters(Schema):
    """As `astream_events` of LangChain has them. Each may be given more than once."""

    include_names: list[str] = Field(default_factory=list)
    include_types: list[str] = Field(default_factory=list)
    include_tags: list[str] = Field(default_factory=list)
    exclude_names: list[str] = Field(default_factory=list)
    exclude_types: list[str] = Field(default_factory=list)
    exclude_tags: list[str] = Field(default_factory=list)

    def lets_in(self) -> LetsIn:
        """What is not given filters nothing."""
        return EventFilter(**{name: values or None for name, values in self.dict().items()}).lets_in


class SessionPage(Schema):
    """`next` is the cursor of the following page, null on the last."""

    sessions: list[SessionOut]
    next: str | None


class TurnOut(Schema):
    id: UUID
    prompt: str
    system: str
    parameters: dict[str, Any]
    created_at: datetime
    runs: list[RunOut]


class SessionDetail(SessionOut):
    turns: list[TurnOut]


class ModelOut(Schema):
    id: str
    label: str
    simulated: bool
    available: bool
    reason: str


class ModelList(Schema):
    models: list[ModelOut]
