"""curl, which shows the stream as it comes."""

from collections.abc import Mapping

import orjson

from playground.snippets import literals
from playground.snippets.ask import Ask


def ask(given: Ask) -> str:
    headers = {"authorization": f"Bearer ${given.key}", "content-type": "application/json"}
    return post(f"{given.base_url}/chat/completions", headers, literals.json_text(given.body))


def indented(body: bytes) -> str:
    return literals.json_text(orjson.loads(body))


def post(url: str, headers: Mapping[str, str], body: str) -> str:
    """`$NAME` in a header is the environment variable's value; the body goes in as it is written, whatever it holds."""
    lines = [f"curl -N {literals.shell(url)} \\"]
    lines += [f'  -H "{name}: {value}" \\' for name, value in headers.items()]
    return "\n".join([*lines, "  -d @- <<'JSON'", body, "JSON", ""])
