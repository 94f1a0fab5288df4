"""What a Runnable is given."""

import sys
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from playground.providers.errors import BadRunnable, InvalidRequest, LangChainMissing
from playground.providers.request import Message, Parameters
from playground.providers.runnables import check_runnable
from playground.providers.runnables.inputs import as_messages, config_of, given_to
from playground.providers.runnables.loading import load, parse
from tests.providers.runnables import chains
from tests.providers.runnables.conftest import MODULE, run

SAID = (Message("system", "Be kind."), Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "And?"))
MESSAGES = [SystemMessage("Be kind."), HumanMessage("Hi"), AIMessage("Hello"), HumanMessage("And?")]
WRITTEN = "System: Be kind.\nHuman: Hi\nAI: Hello\nHuman: And?"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chat", MESSAGES),
        ("agent", {"messages": MESSAGES}),
        ("chain_of_messages", {"messages": MESSAGES}),
        ("chain", {"question": WRITTEN}),
        ("llm", WRITTEN),
        ("surviving", WRITTEN),
        ("surviving#messages", MESSAGES),
        ("surviving#messages-key", {"messages": MESSAGES}),
        ("surviving#input-key", {"input": WRITTEN}),
    ],
)
def test_takes_the_form_that_the_runnable_wants(name: str, expected: Any) -> None:
    named = parse(f"{MODULE}:{name}")

    assert given_to(load(named), named, SAID) == expected


def test_one_message_as_text_is_its_text() -> None:
    named = parse(f"{MODULE}:llm")

    assert given_to(load(named), named, SAID[1:2]) == "Hi"


def test_more_inputs_than_a_prompt_are_refused() -> None:
    named = parse(f"{MODULE}:two_inputs")

    with pytest.raises(InvalidRequest, match="style, topic"):
        given_to(load(named), named, SAID)


def test_tool_calls_and_their_results_stay_what_they_are() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    said = (
        Message("assistant", "", {"tool_calls": [call]}),
        Message("tool", "Sunny", {"tool_call_id": "c"}),
    )

    asked, answered = as_messages(said)

    assert asked.tool_calls[0]["args"] == {"city": "Oslo"}
    assert isinstance(answered, ToolMessage)
    assert answered.tool_call_id == "c"


def test_parameters_go_where_a_field_of_their_name_is() -> None:
    fields, ignored = config_of(chains.configurable(), Parameters(temperature=0.5, max_tokens=9, stop=("x",)))

    assert fields == {"temperature": 0.5}
    assert ignored == ["max_tokens", "stop"]


async def test_parameters_without_a_field_are_named_in_a_notice() -> None:
    ran = await run("chat", parameters=Parameters(max_tokens=9))

    [notice] = ran.data("notice")
    assert (notice["code"], notice["parameters"]) == ("parameters_ignored", ["max_tokens"])


@pytest.mark.parametrize("name", ["", "module", "module:", ":object", "a b:c", "os;x:y", "m:o#nothing", "../m:o"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadRunnable):
        parse(name)


def test_that_langchain_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_core.runnables", None)

    with pytest.raises(LangChainMissing, match=r"pip install -r requirements-langchain\.txt"):
        check_runnable(f"{MODULE}:chat")
