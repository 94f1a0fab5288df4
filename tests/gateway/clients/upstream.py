"""A provider of OpenAI's dialects with prepared answers: a tool call, an answer that breaks off, a Responses stream."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


def _delta(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "prepared",
        "x_unknown": {"kept": True},
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


def _call(**call: Any) -> dict[str, Any]:
    return _delta({"tool_calls": [{"index": 0, **call}]})


USAGE: dict[str, Any] = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
DONE = b"data: [DONE]\n\n"
CHATS: dict[str, Sequence[dict[str, Any]]] = {
    "tools": [
        _delta({"role": "assistant", "content": None}),
        _call(id="call_1", type="function", function={"name": "add", "arguments": ""}),
        _call(function={"arguments": '{"a": 1,'}),
        _call(function={"arguments": ' "b": 2}'}),
        _delta({}, "tool_calls"),
    ],
    "cut": [_delta({"role": "assistant", "content": "Half an "}), _delta({"content": "answer"})],
    "error": [
        _delta({"role": "assistant", "content": "Half an "}),
        {"error": {"message": "The server had an error", "type": "server_error", "code": "overloaded", "param": None}},
    ],
}
RESPONSE: list[dict[str, Any]] = [
    {"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"id": "msg_1", "type": "message"}},
    {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "Spark"},
    {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "ling"},
    {
        "type": "response.completed",
        "response": {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "output": [],
            "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
        },
    },
]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        if self.path.endswith("/responses"):
            for number, event in enumerate(RESPONSE):
                data = orjson.dumps({**event, "sequence_number": number})
                self.wfile.write(b"event: " + event["type"].encode() + b"\ndata: " + data + b"\n\n")
            return
        for chunk in CHATS[asked["model"]]:
            self.wfile.write(b"data: " + orjson.dumps(chunk) + b"\n\n")
        if asked["model"] == "tools":
            self.wfile.write(b"data: " + orjson.dumps({**_delta({}), "choices": [], "usage": USAGE}) + b"\n\n" + DONE)

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def prepared_upstream() -> Iterator[str]:
    """Its base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, name="prepared upstream")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
