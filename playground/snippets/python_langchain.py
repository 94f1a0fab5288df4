"""Python with LangChain's `langchain-openai`: the Runnable's `stream`, `astream` and `astream_events`."""

from typing import Any, Final

from playground.snippets.ask import Ask
from playground.snippets.literals import python
from playground.snippets.python_openai import arguments

_BOUND: Final = ("tools", "tool_choice", "stop")
_RENAMED: Final = ("max_tokens",)  # it would send max_completion_tokens, which not every provider knows


def stream(given: Ask) -> str:
    return f"""\
import os

from langchain_openai import ChatOpenAI

{_model(given)}
for chunk in model.stream(messages):
    print(chunk.text, end="|", flush=True)
print()
"""


def astream(given: Ask) -> str:
    return f"""\
import asyncio
import os

from langchain_openai import ChatOpenAI

{_model(given)}

async def main() -> None:
    async for chunk in model.astream(messages):
        print(chunk.text, end="|", flush=True)
    print()


asyncio.run(main())
"""


def astream_events(given: Ask) -> str:
    return f"""\
import asyncio
import os

from langchain_openai import ChatOpenAI

{_model(given)}

async def main() -> None:
    async for event in model.astream_events(messages, version="v2"):
        print(event["event"], event["data"], flush=True)


asyncio.run(main())
"""


def _model(given: Ask) -> str:
    options: dict[str, Any] = {"model": given.model, "base_url": given.base_url}
    settings = {name: value for name, value in given.named.items() if name not in (*_BOUND, *_RENAMED)}
    settings["stream_usage"] = True
    if as_asked := {name: given.named[name] for name in _RENAMED if name in given.named} | given.extra:
        settings["extra_body"] = as_asked
    lines = f"{arguments(options)}    api_key=os.environ[{given.key!r}],\n{arguments(settings)}"
    bound: dict[str, Any] = {name: given.named[name] for name in _BOUND if name in given.named}
    binding = f".bind(\n{arguments(bound)})" if bound else ""
    return f"model = ChatOpenAI(\n{lines}){binding}\nmessages = {python(list(given.messages))}"
