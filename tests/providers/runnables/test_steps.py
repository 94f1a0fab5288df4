"""The runs inside a Runnable as steps that nest."""

import orjson

from playground.recording.events import STEP_ENDED, STEP_STARTED
from playground.recording.steps import steps
from tests.providers.runnables.conftest import run


async def test_an_agent_s_steps_nest() -> None:
    ran = await run("agent")

    found = steps(ran.events)
    assert [(step.depth, step.name, step.type) for step in found] == [
        (0, "helper", "chain"),
        (1, "model", "chain"),
        (2, "Scripted", "chat_model"),
        (1, "tools", "chain"),
        (2, "weather", "tool"),
        (1, "model", "chain"),
        (2, "Scripted", "chat_model"),
    ]
    assert all(step.end is not None and step.start <= step.end for step in found)
    tool = next(step for step in found if step.type == "tool")
    assert tool.input == {"city": "Oslo"}
    assert tool.output["content"] == "Sunny in Oslo"
    assert tool.metadata["langgraph_node"] == "tools"
    assert "seq:step:1" in tool.tags


async def test_name_and_tags_are_those_that_were_given() -> None:
    first = (await run("chain")).data(STEP_STARTED)[0]

    assert (first["name"], first["parent"], first["parents"]) == ("brief answer", None, [])
    assert first["tags"] == ["team"]
    assert first["input"] == {"question": "How is the weather?"}


async def test_a_parser_s_input_is_told_at_its_end() -> None:
    end = (await run("chain")).ended("StrOutputParser")

    assert end["input"]["content"] == end["output"] == "Hello big world"


async def test_a_failing_tool_ends_its_step_and_those_around_it_with_the_error() -> None:
    ran = await run("agent_with_a_failing_tool")

    error = {"type": "ConnectionError", "message": "the station of Oslo does not answer, key [hidden]"}
    assert [ran.ended(name)["error"] for name in ("weather", "tools", "helper")] == [error] * 3
    assert "error" not in ran.ended("Scripted")


async def test_a_step_that_fails_inside_a_run_that_goes_on() -> None:
    ran = await run("surviving")

    assert ran.ended("first way")["error"] == {"type": "ValueError", "message": "the first way is closed"}
    assert ran.text == ran.ended("second way")["output"] == "Saved"


async def test_values_are_json_of_bounded_size() -> None:
    ran = await run("strange")

    output = ran.ended("RunnableLambda")["output"]
    assert orjson.loads(orjson.dumps(ran.data(STEP_ENDED)))
    assert output["odd"] == "<Odd>"
    assert (output["half"], output["nul"], output["inf"]) == ("\ufffd", "a\ufffdb", "inf")
    assert output["x"] == "y" * 4_000 + "… [5,000 more characters]"


async def test_steps_past_the_limit_are_counted() -> None:
    ran = await run("crowd")

    assert len(ran.data(STEP_STARTED)) == len(ran.data(STEP_ENDED)) == 2_000
    assert "too_many_steps" in ran.notices()
    assert ran.text == "2100"
