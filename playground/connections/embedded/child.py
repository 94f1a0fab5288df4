"""The child process: `python -m playground.connections.embedded.child LOCK_FILE`.

Writes one JSON object a line to stdout: {"stage": "loading" | "warming" | "ready" | "taken"}, or {"stage": "failed",
"message": …}. Its address goes into the lock file, never into an argument, the environment or a log. It ends when
stdin closes, so no parent leaves an orphan, however it dies; and with status 0 on SIGTERM.
"""

import json
import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from playground.connections.embedded import CONTEXT, DEFAULT_MAX_TOKENS, MODEL_NAME, SLOTS, lockfile
from playground.connections.embedded.probe import model_path

_NO_OPENMP: Final = "its runtime needs the library libgomp.so.1 (Debian and Ubuntu: apt install libgomp1)"


def main(lock: Path) -> int:
    # Ctrl-C reaches every process of a terminal, but the parent decides when the model stops. llama.cpp's threads
    # inherit this mask, so SIGTERM is left to `sigwait` below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    report = _claim_stdout()
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    descriptor = _take(lock)
    if descriptor is None:
        _say(report, stage="taken")
        return 0
    _say(report, stage="loading")
    try:
        key = secrets.token_urlsafe(32)
        server = _serve(key)
        _say(report, stage="warming")
        _generate_one_token(server)
    except ImportError as error:
        _say(report, stage="failed", message=_NO_OPENMP if "libgomp" in str(error) else str(error))
        return 1
    except (RuntimeError, FileNotFoundError) as error:
        _say(report, stage="failed", message=str(error))
        return 1
    port = urlsplit(server.listening_address).port
    lockfile.publish(descriptor, lockfile.Address(port=int(port or 0), key=key))
    _say(report, stage="ready")
    signal.sigwait({signal.SIGTERM})
    return 0


def _take(lock: Path) -> int | None:
    """Tries for a moment: a process that merely looks at the file holds it for some µs."""
    for _ in range(5):
        descriptor = lockfile.take(lock)
        if descriptor is not None:
            return descriptor
        time.sleep(0.02)
    return None


def _serve(key: str) -> Any:
    """Loads the model and listens on a free loopback port. Raises ImportError, RuntimeError, FileNotFoundError."""
    import xllamacpp  # only here: importing it can kill a process on an old CPU

    params = xllamacpp.CommonParams()
    params.model.path = str(model_path())
    params.model_alias = {MODEL_NAME}
    params.n_parallel = SLOTS
    params.n_ctx = CONTEXT * SLOTS  # is divided among the slots
    params.n_predict = DEFAULT_MAX_TOKENS  # a request may ask for more, up to the context
    params.cache_ram_mib = 0  # the default may grow to 8 GiB
    params.verbosity = -1
    # A second thread gains 30 % on an idle machine of two cores, and takes the core that serves the pages.
    params.cpuparams.n_threads = 1 if (os.cpu_count() or 1) <= 2 else min(4, (os.cpu_count() or 1) // 2)
    params.n_threads_http = 16  # each stream holds one, waiting streams too
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.cors_origins = "http://127.0.0.1"  # the default answers any page's origin
    params.endpoint_slots = True  # with the key alone: `connections.watching` sees that an answer was given up
    params.ui = False
    return xllamacpp.Server(params)


def _generate_one_token(server: Any) -> None:
    """Proves that the model answers, and makes the first real answer quick."""
    chunks: list[Any] = []
    request = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1, "stream": True}
    server.handle_chat_completions(request, chunks.append)
    if not any(isinstance(chunk, dict) and chunk.get("choices") for chunk in chunks):
        raise RuntimeError("the model loaded but generated nothing")


def _claim_stdout() -> IO[str]:
    """Our reports alone go to stdout: what llama.cpp prints goes to stderr."""
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return report


def _say(report: IO[str], **fields: str) -> None:
    report.write(json.dumps(fields) + "\n")
    report.flush()


def _exit_with_parent() -> None:
    while os.read(0, 1024):  # past `sys.stdin`, whose lock would get in the way of an ordinary exit
        pass
    os._exit(0)  # nothing here is worth saving, and the main thread may be deep in native code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
