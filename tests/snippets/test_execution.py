"""The code runs, prints the answer, and asks exactly what the run asked, whatever characters are in it."""

from pathlib import Path
from typing import Any

import pytest

from playground.snippets.ask import Ask
from playground.snippets.languages import LANGUAGES
from tests.snippets.executed import execute
from tests.snippets.listener import TEXT, Listener, listening

HOSTILE = """It's "quoted" `ticked` $HOME ${HOME} $(id) \\n \\u0041 {braces} %s
JSON
</script> 月亮上的金鱼 🐟\t\u2028 '''triple''' \"\"\"too\"\"\""""
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief. \\ '"},
    {"role": "user", "content": HOSTILE},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}],
    },
    {"role": "tool", "content": "2", "tool_call_id": "call_1"},
]
PARAMETERS: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 64,
    "stop": ["\n\n", "'\""],
    "seed": 7,
    "logprobs": True,
    "top_logprobs": 2,
    "tools": [TOOL],
    "tool_choice": "auto",
    "extra": {"top_k": 5, "note": HOSTILE},
}


@pytest.fixture
def listener() -> Any:
    with listening() as listener:
        yield listener


@pytest.mark.parametrize("name", list(LANGUAGES))
def test_the_code_asks_what_the_run_asked(name: str, listener: Listener, tmp_path: Path) -> None:
    language = LANGUAGES[name]
    ask = Ask(listener.base_url, "PLAYGROUND_API_KEY", 'acme/it\'s-"one"', MESSAGES, PARAMETERS)
    printed = execute(language.run, language.write(ask), tmp_path, PLAYGROUND_API_KEY="spg_it's$ecret")
    assert "Spark" in printed
    ((path, authorization, body),) = listener.heard
    assert path == "/v1/chat/completions"
    assert authorization == "Bearer spg_it's$ecret"
    assert common(body) == common(ask.body)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("python", TEXT + "\n"),
        ("javascript", TEXT + "\n"),
        ("stream", "Spark|ling 水\n|"),
        ("astream", "Spark|ling 水\n|"),
    ],
)
def test_the_code_prints_the_answer(name: str, printed: str, listener: Listener, tmp_path: Path) -> None:
    language = LANGUAGES[name]
    ask = Ask(listener.base_url, "PLAYGROUND_API_KEY", "acme/one", [{"role": "user", "content": "Hello"}])
    out = execute(language.run, language.write(ask), tmp_path, PLAYGROUND_API_KEY="spg_secret")
    assert out.removeprefix("|").startswith(printed)


def test_curl_shows_the_stream(listener: Listener, tmp_path: Path) -> None:
    ask = Ask(listener.base_url, "PLAYGROUND_API_KEY", "acme/one", [{"role": "user", "content": "Hello"}])
    out = execute("sh ask.sh", LANGUAGES["curl"].write(ask), tmp_path, PLAYGROUND_API_KEY="spg_secret")
    assert out.count("data: ") == 5
    assert out.endswith("data: [DONE]\n\n")


def common(body: dict[str, Any]) -> dict[str, Any]:
    """A request without what a client library writes in another way and that means the same."""
    plain = {name: value for name, value in body.items() if value is not None}
    plain["messages"] = [{**message, "content": message["content"] or ""} for message in plain["messages"]]
    return plain
