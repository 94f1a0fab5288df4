"""What a Runnable is given: the prompt, in the form that it takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final
from uuid import uuid4

from playground.providers.errors import InvalidRequest
from playground.providers.request import Message, Parameters
from playground.providers.runnables.loading import Given, RunnableName

# The keys by which prompts and chains call an earlier conversation.
_HISTORY: Final = ("chat_history", "history")


def given_to(runnable: Any, name: RunnableName, messages: Sequence[Message]) -> Any:
    """The prompt as `runnable` takes it. Raises InvalidRequest where its inputs are more than a prompt.

    A chat model gets messages, an LLM a text; what else there is says by its input schema what it wants: an object with
    `messages` (agents), messages, or one text, bare or under its key. Where it says nothing, it gets the text. A text
    of several messages is written as LangChain writes them: "Human: …", "AI: …".
    """
    schema = _schema(runnable)
    given = name.given or _wanted(runnable, schema)
    if given == "messages":
        return as_messages(messages)
    if given == "messages-key":
        return {"messages": as_messages(messages)}
    if given == "text":
        return _text(messages)
    properties = schema.get("properties", {})
    history = {key: as_messages(messages[:-1]) for key in _HISTORY if key in properties}
    return {**history, _key(schema): messages[-1].content if history else _text(messages)}


def as_messages(messages: Sequence[Message]) -> list[Any]:
    """As LangChain's messages."""
    from langchain_core.messages import convert_to_messages  # an optional extra

    found: list[Any] = convert_to_messages(
        [{"role": message.role, "content": message.content, **message.extra} for message in messages]
    )
    return found


def config_of(runnable: Any, parameters: Parameters) -> tuple[dict[str, Any], list[str]]:
    """What `runnable` is configured with, and the parameters that it has no place for.

    A parameter fits where the Runnable has a configurable field of that id. An agent with a memory gets a thread of
    its own: each run brings its whole conversation.
    """
    wanted = {name: value for name, value in _given(parameters) if value not in (None, (), {}, False)}
    fields_of = {spec.id for spec in getattr(runnable, "config_specs", ())}
    taken = {name: list(value) if name == "stop" else value for name, value in wanted.items() if name in fields_of}
    if getattr(runnable, "checkpointer", None):
        taken["thread_id"] = str(uuid4())
    return taken, sorted(wanted.keys() - taken.keys())


def _given(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    for field in fields(parameters):
        yield field.name, getattr(parameters, field.name)


def _wanted(runnable: Any, schema: Mapping[str, Any]) -> Given:
    from langchain_core.language_models import BaseChatModel, BaseLLM  # an optional extra

    if isinstance(runnable, BaseChatModel):
        return "messages"
    if isinstance(runnable, BaseLLM):
        return "text"
    properties = schema.get("properties", {})
    if properties and "root" not in properties:  # what branches of a chain take whole has this name
        return "messages-key" if "messages" in properties else "input-key"
    kinds = {one.get("type") for one in (schema, *schema.get("anyOf", ())) if isinstance(one, Mapping)}
    return "messages" if "array" in kinds else "text"


def _schema(runnable: Any) -> Mapping[str, Any]:
    try:
        found = runnable.get_input_jsonschema()
    except Exception:  # noqa: BLE001  (LangChain makes schemas from somebody's annotations: these need not have one)
        return {}
    return found if isinstance(found, Mapping) else {}


def _key(schema: Mapping[str, Any]) -> str:
    properties = [name for name in schema.get("properties", {}) if name not in _HISTORY]
    wanted = [name for name in properties if name in schema.get("required", ())] or properties
    if "input" in properties or not properties:
        return "input"
    if len(wanted) > 1:
        raise InvalidRequest(
            f"The Runnable wants {len(wanted)} inputs ({', '.join(wanted)}), and a prompt is one: "
            "name a Runnable that fills in the others."
        )
    return str(wanted[0])


def _text(messages: Sequence[Message]) -> str:
    from langchain_core.messages import get_buffer_string  # an optional extra

    return messages[0].content if len(messages) == 1 else str(get_buffer_string(as_messages(messages)))
