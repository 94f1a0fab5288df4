"""An upstream that keeps what it was sent, and answers with two tokens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

ANSWER = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Spark"}}]},
    {"choices": [{"index": 0, "delta": {"content": "ling 水\n"}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
]
TEXT = "Sparkling 水\n"


class Listener:
    """`base_url` of its `/v1`; `heard` is, for each request, its path, its Authorization and its body."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.heard: list[tuple[str, str, dict[str, Any]]] = []


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
            listener.heard.append((self.path, self.headers["authorization"], body))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for chunk in ANSWER:
                whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **chunk}
                self.wfile.write(b"data: " + orjson.dumps(whole) + b"\n\n")
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever, name="listener")
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
