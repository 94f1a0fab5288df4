"""OpenAI's own client: what it streams, what it raises, and that its end ends the upstream."""

import httpx
import openai
import pytest
from openai import OpenAI

from tests.gateway.clients.waiting import until
from tests.server import Client

ASK = [{"role": "user", "content": "Hello"}]


def test_it_lists_the_models(client: OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert "sim/sim-n256-r50-d100" in ids
    assert client.models.retrieve("sim/sim-n256-r50-d100").id == "sim/sim-n256-r50-d100"


def test_a_chat_streams_and_is_the_same_in_one_piece(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="sim/sim-n24-r200", messages=ASK, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    whole = client.chat.completions.create(model="sim/sim-n24-r200", messages=ASK)
    assert len(chunks) > 20
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop" == whole.choices[0].finish_reason
    assert text == whole.choices[0].message.content
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 24


def test_usage_comes_at_the_end_of_a_stream_that_asks_for_it(client: OpenAI) -> None:
    options = {"include_usage": True}
    stream = client.chat.completions.create(model="sim/sim-n24-r200", messages=ASK, stream=True, stream_options=options)
    *rest, last = stream
    assert all(chunk.usage is None for chunk in rest)
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == 24


def test_completions_stream_too(client: OpenAI) -> None:
    chunks = list(client.completions.create(model="sim/sim-n24-r200", prompt="Hello", stream=True))
    whole = client.completions.create(model="sim/sim-n24-r200", prompt=["Hello", "Hello"])
    text = "".join(chunk.choices[0].text for chunk in chunks)
    assert [choice.index for choice in whole.choices] == [0, 1]
    assert [choice.text for choice in whole.choices] == [text, text]


def test_logprobs_are_those_of_the_provider(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="sim/sim-n8-r200", messages=ASK, logprobs=True, top_logprobs=2)
    assert whole.choices[0].logprobs is not None
    tokens = whole.choices[0].logprobs.content or []
    assert "".join(token.token for token in tokens) == whole.choices[0].message.content


def test_every_answer_names_its_run_and_its_session(client: OpenAI, person: Client) -> None:
    answer = client.chat.completions.with_raw_response.create(
        model="sim/sim-n8-r0", messages=ASK, extra_headers={"x-playground-title": "Named by its client"}
    )
    run = person.run(answer.headers["x-playground-run"])
    assert run["text"] == answer.parse().choices[0].message.content
    session = person.http.get(f"/sessions/{answer.headers['x-playground-session']}").json()
    assert session["title"] == "Named by its client"
    again = client.chat.completions.with_raw_response.create(
        model="sim/sim-n8-r0", messages=ASK, extra_headers={"x-playground-session": session["id"]}
    )
    assert again.headers["x-playground-session"] == session["id"]


class TestErrors:
    def test_a_wrong_key(self, base_url: str) -> None:
        with OpenAI(base_url=base_url, api_key="spg_wrong") as client, pytest.raises(openai.AuthenticationError):
            client.models.list()

    def test_a_model_that_does_not_exist(self, client: OpenAI) -> None:
        with pytest.raises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="nobody/none", messages=ASK)
        assert raised.value.code == "model_not_found"

    def test_a_field_that_is_wrong(self, client: OpenAI) -> None:
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(model="sim/sim-n8-r0", messages=ASK, temperature=9)
        assert raised.value.param == "temperature"

    def test_an_image(self, client: OpenAI) -> None:
        content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
        with pytest.raises(openai.BadRequestError, match="text"):
            client.chat.completions.create(model="sim/sim-n8-r0", messages=[{"role": "user", "content": content}])

    def test_the_provider_s_refusal_keeps_its_status(self, client: OpenAI) -> None:
        with pytest.raises(openai.RateLimitError) as raised:
            client.chat.completions.create(model="sim/sim-e429x9-n8-r0", messages=ASK, stream=True)
        assert raised.value.response.headers["x-playground-run"]

    @pytest.mark.parametrize(("model", "text"), [("cut", "Half an answer"), ("error", "Half an ")])
    def test_a_stream_that_breaks_raises_after_what_came(self, client: OpenAI, model: str, text: str) -> None:
        stream = client.chat.completions.create(model=f"prepared/{model}", messages=ASK, stream=True)
        came: list[str] = []
        with pytest.raises(openai.APIError) as raised:
            came.extend(chunk.choices[0].delta.content or "" for chunk in stream)
        assert str(raised.value)
        assert "".join(came) == text


def test_tool_calls_stream_with_their_arguments(client: OpenAI) -> None:
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
    chunks = list(client.chat.completions.create(model="prepared/tools", messages=ASK, tools=[tool], stream=True))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert (calls[0].id, calls[0].function.name) == ("call_1", "add")
    assert "".join(call.function.arguments or "" for call in calls) == '{"a": 1, "b": 2}'
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_what_the_gateway_does_not_know_survives(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="prepared/tools", messages=ASK, stream=True))
    assert all(chunk.model_extra == {"x_unknown": {"kept": True}} for chunk in chunks)


def test_responses_stream_from_a_provider_that_speaks_them(client: OpenAI) -> None:
    events = list(client.responses.create(model="responses/any", input="Hello", stream=True))
    assert events[0].type == "response.created"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "Sparkling"
    assert events[-1].type == "response.completed"


def test_closing_the_stream_stops_the_run(client: OpenAI, person: Client) -> None:
    stream = client.chat.completions.create(model="sim/sim-n5000-r50", messages=ASK, stream=True)
    run_id = stream.response.headers["x-playground-run"]
    next(iter(stream))
    stream.close()
    until(lambda: person.run(run_id)["status"] == "cancelled")


def test_curl_shows_the_stream(base_url: str, person: Client) -> None:
    body = {"model": "sim/sim-n8-r0", "messages": ASK, "stream": True}
    with httpx.stream("POST", f"{base_url}/chat/completions", json=body, headers=person.headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
