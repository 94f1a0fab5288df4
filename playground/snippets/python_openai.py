"""Python with OpenAI's client library, `openai`."""

from collections.abc import Mapping
from typing import Any

from playground.snippets.ask import Ask
from playground.snippets.literals import INDENT, python


def ask(given: Ask) -> str:
    options: dict[str, Any] = {"model": given.model, "messages": list(given.messages), **given.named}
    options |= {"stream": True, "stream_options": {"include_usage": True}}
    if given.extra:
        options["extra_body"] = given.extra
    return f"""\
import os

from openai import OpenAI

client = OpenAI(base_url={given.base_url!r}, api_key=os.environ[{given.key!r}])
stream = client.chat.completions.create(
{arguments(options)})
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)
print()
"""


def arguments(options: Mapping[str, Any]) -> str:
    """Keyword arguments of a call, one a line."""
    return "".join(f"{INDENT}{name}={python(value, 1)},\n" for name, value in options.items())
