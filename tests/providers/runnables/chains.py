"""Runnables for the tests, made of LangChain's own fake models. Each function is a factory: every run has a new one."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain.agents import create_agent
from langchain_core.callbacks import adispatch_custom_event
from langchain_core.language_models import FakeListLLM, FakeMessagesListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool

CALL = {"name": "weather", "args": {"city": "Oslo"}, "id": "call-1"}
USAGE = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}

started = threading.Event()
"""Set once `blocking` or `endless` is at work."""
cancelled = threading.Event()
"""Set once `endless` was cancelled."""
release = threading.Event()
"""Lets `blocking` go on."""


class Scripted(GenericFakeChatModel):
    """Streams its answers word by word, tool calls in two pieces, and takes tools as a real model does."""

    pieces: list[list[AIMessageChunk]]
    asked: int = 0

    def bind_tools(self, tools: Any, **_: Any) -> "Scripted":
        return self

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        answer, self.asked = self.pieces[self.asked], self.asked + 1
        for chunk in answer:
            yield ChatGenerationChunk(message=chunk)


class Whole(FakeMessagesListChatModel):
    def bind_tools(self, tools: Any, **_: Any) -> "Whole":
        return self


def words(text: str) -> list[AIMessageChunk]:
    return [AIMessageChunk(content=word) for word in text.replace(" ", "| ").split("|")]


def calling(text: str = "") -> list[AIMessageChunk]:
    def piece(arguments: str, **named: Any) -> AIMessageChunk:
        return AIMessageChunk("", tool_call_chunks=[{"name": None, "id": None, "args": arguments, "index": 0} | named])

    pieces = [piece('{"city": ', name="weather", id="call-1"), piece('"Oslo"}')]
    return [*(words(text) if text else []), *pieces, AIMessageChunk("", usage_metadata=USAGE)]


def finished(text: str) -> list[AIMessageChunk]:
    last = AIMessageChunk("", usage_metadata=USAGE, response_metadata={"finish_reason": "stop"})
    return [*words(text), last]


def chat(*pieces: AIMessageChunk) -> Scripted:
    return Scripted(messages=iter([]), pieces=[list(pieces) or finished("Hello big world")])


def reasoning() -> Runnable[Any, Any]:
    thinking = AIMessageChunk([{"type": "reasoning", "reasoning": "Let me see."}])
    older = AIMessageChunk("", additional_kwargs={"reasoning_content": " Well."})
    return chat(thinking, older, AIMessageChunk([{"type": "text", "text": "Yes"}]))


def llm() -> Runnable[Any, Any]:
    return FakeListLLM(responses=["An old answer"])


def without_streaming() -> Runnable[Any, Any]:
    return Whole(responses=[AIMessage("All at once", usage_metadata=USAGE)])


def chain() -> Runnable[Any, Any]:
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{question}")])
    return (prompt | chat() | StrOutputParser()).with_config(run_name="brief answer", tags=["team"])


def chain_without_streaming() -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_template("{input}") | without_streaming() | StrOutputParser()


def chain_of_messages() -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_messages([MessagesPlaceholder("messages")]) | chat()


def retrieval() -> Runnable[Any, Any]:
    """As chains over documents stream: objects that come piece by piece."""
    context = RunnablePassthrough.assign(context=RunnableLambda(lambda _: ["a document"]))
    return context | RunnablePassthrough.assign(answer=ChatPromptTemplate.from_template("{input}") | chat())


def json_chain() -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_template("{input}") | chat(*words('{"a": 1, "b": 2}')) | JsonOutputParser()


def two_inputs() -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_template("{style} {topic}") | chat()


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


@tool("weather")
def no_weather(city: str) -> str:
    """The weather in a city."""
    raise ConnectionError(f"the station of {city} does not answer, key sk-abcdefghijklmnop1234")


@tool("weather")
async def asking_a_model(city: str) -> str:
    """The weather in a city, as another model has it."""
    answer = await chat(*words("a guess")).ainvoke(city)
    return str(answer.content)


@tool("weather")
async def waiting(city: str) -> str:
    """The weather in a city, some day."""
    await asyncio.Event().wait()
    return city


def _agent(with_tool: Any = weather, before: str = "") -> Runnable[Any, Any]:
    model = Scripted(messages=iter([]), pieces=[calling(before), finished("It is sunny")])
    return create_agent(model, [with_tool], name="helper")


def agent() -> Runnable[Any, Any]:
    return _agent()


def talking_agent() -> Runnable[Any, Any]:
    return _agent(before="Let me look.")


def agent_with_a_failing_tool() -> Runnable[Any, Any]:
    return _agent(no_weather)


def agent_with_a_model_in_its_tool() -> Runnable[Any, Any]:
    return _agent(asking_a_model)


def waiting_agent() -> Runnable[Any, Any]:
    return _agent(waiting, before="Let me look.")


def agent_without_streaming() -> Runnable[Any, Any]:
    return create_agent(Whole(responses=[AIMessage("", tool_calls=[CALL]), AIMessage("It is sunny")]), [weather])


def surviving() -> Runnable[Any, Any]:
    """A step fails, and another one takes its place."""

    def fail(_: Any) -> str:
        raise ValueError("the first way is closed")

    return RunnableLambda(fail, name="first way").with_fallbacks([RunnableLambda(lambda _: "Saved", name="second way")])


def breaking() -> Runnable[Any, Any]:
    async def half(_: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "Half of "
        yield "an answer"
        raise ValueError("the model went away\nwith a second line")

    return RunnableLambda(lambda text: text) | half


def custom() -> Runnable[Any, Any]:
    async def work(text: str) -> str:
        await adispatch_custom_event("progress", {"done": 0.5})
        return text.upper()

    return RunnableLambda(work)


def strange() -> Runnable[Any, Any]:
    """What it returns is no JSON, and long."""

    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("never shown")

    return RunnableLambda(
        lambda _: {"odd": Odd(), "half": "\ud83d", "nul": "a\0b", "inf": float("inf"), "x": "y" * 9000}
    )


def blocking() -> Runnable[Any, Any]:
    """Blocks the loop that it runs on, as careless code does."""

    async def work(_: str) -> str:
        started.set()
        release.wait(10)
        return "done"

    return RunnableLambda(work)


def endless() -> Runnable[Any, Any]:
    async def work(_: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "Begun"
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    return RunnableLambda(lambda text: text, name="ready") | work


def silent() -> Runnable[Any, Any]:
    async def work(_: str) -> str:
        await asyncio.Event().wait()
        return ""

    return RunnableLambda(work)


def exiting() -> Runnable[Any, Any]:
    def work(_: str) -> str:
        raise SystemExit(3)

    return RunnableLambda(work)


def crowd() -> Runnable[Any, Any]:
    """More steps than are kept."""
    return RunnableLambda(lambda _: list(range(2_100))) | RunnableLambda(lambda n: n).map() | RunnableLambda(len)


def configurable() -> Runnable[Any, Any]:
    from langchain_core.runnables import ConfigurableField

    field = ConfigurableField(id="temperature")
    return FakeListLLM(responses=["warm"]).configurable_fields(sleep=field)


def unmakeable() -> Runnable[Any, Any]:
    raise KeyError("NO_SUCH_SETTING")


class Slow:
    """No Runnable."""

    now = time.time


not_one = Slow()
ready = chat()
