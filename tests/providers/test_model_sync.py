"""The sync methods of `Model`: in a plain script, inside a running loop, and what they leave behind."""

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from playground.providers import Model
from playground.providers.endpoint import RetryPolicy
from playground.providers.errors import ModelNotFound, RateLimited
from playground.providers.simulator import Simulator
from tests.server import ROOT


class ServedSimulator:
    """A simulator on another thread's loop, which a blocked test cannot hold up."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.done = asyncio.Event()
        self.ready = threading.Event()
        self.changed = threading.Condition()
        self.simulator = Simulator()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),))
        self.thread.start()
        self.ready.wait()

    async def _serve(self) -> None:
        async with self.simulator:
            self.ready.set()
            await self.done.wait()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.done.set)
        self.thread.join()
        self.loop.close()

    def live(self) -> int:
        async def live() -> int:
            return self.simulator.counters.live

        return asyncio.run_coroutine_threadsafe(live(), self.loop).result()


@pytest.fixture
def served() -> Iterator[ServedSimulator]:
    simulator = ServedSimulator()
    yield simulator
    simulator.close()


def until_idle(served: ServedSimulator) -> None:
    for _ in range(10_000):
        if served.live() == 0:
            return
    pytest.fail("the upstream still streams")


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_stream_invoke_and_batch(served: ServedSimulator) -> None:
    with Model(base_url=served.simulator.base_url, model="sim-en-n6-r0-d0") as model:
        chunks = list(model.stream("Hi"))
        assert len(chunks) == 8
        assert (chunks[0], chunks[-1]) == ("", "")
        assert "".join(chunks) == model.invoke("Hi")
        assert model.batch(["Hi", "Hi"], max_concurrency=1) == ["".join(chunks)] * 2
        assert "model sim-en-n6-r0-d0" in threads()
    assert "model sim-en-n6-r0-d0" not in threads()


async def test_inside_a_running_loop(served: ServedSimulator) -> None:
    with Model(base_url=served.simulator.base_url, model="sim-en-n6-r0-d0") as model:
        assert "".join(model.stream("Hi")) == model.invoke("Hi") == await model.ainvoke("Hi")


def test_errors_come_through(served: ServedSimulator) -> None:
    url = served.simulator.base_url
    with Model(base_url=url, model="sim-nope") as model:
        with pytest.raises(ModelNotFound):
            model.invoke("Hi")
        with pytest.raises(ModelNotFound):
            list(model.stream("Hi"))
        with pytest.raises(TypeError):
            model.invoke(5)  # type: ignore[arg-type]
    with Model(base_url=url, model="sim-e429", retry=RetryPolicy(attempts=1)) as model:
        (error,) = model.batch(["Hi"], return_exceptions=True)
        assert isinstance(error, RateLimited)


def test_closing_the_iterator_closes_the_upstream(served: ServedSimulator) -> None:
    with Model(base_url=served.simulator.base_url, model="sim-n1000-r50-d0") as model:
        chunks = model.stream("Hi")
        assert [next(chunks), bool(next(chunks))] == ["", True]
        assert served.live() == 1
        chunks.close()
        until_idle(served)
        assert served.simulator.counters.aborted == 1


def test_a_forgotten_iterator_and_model_leave_nothing(served: ServedSimulator) -> None:
    chunks = Model(base_url=served.simulator.base_url, model="sim-n1000-r50-d0").stream("Hi")
    next(chunks)
    assert "model sim-n1000-r50-d0" in threads()
    del chunks
    gc.collect()
    until_idle(served)
    assert "model sim-n1000-r50-d0" not in threads()


def test_closing_the_model_ends_its_streams(served: ServedSimulator) -> None:
    model = Model(base_url=served.simulator.base_url, model="sim-n1000-r50-d0")
    chunks = model.stream("Hi")
    next(chunks)
    model.close()
    with pytest.raises(RuntimeError, match="closed"):
        list(chunks)
    until_idle(served)
    assert next(model.stream("again")) == ""
    model.close()
    model.close()


def test_many_threads_share_one_model(served: ServedSimulator) -> None:
    answers: list[str] = []
    with Model(base_url=served.simulator.base_url, model="sim-en-n50-r0-d0") as model:
        workers = [threading.Thread(target=lambda: answers.append("".join(model.stream("Hi")))) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert answers == [model.invoke("Hi")] * 8


def test_an_iterator_that_is_not_used_starts_nothing(served: ServedSimulator) -> None:
    model = Model(base_url=served.simulator.base_url, model="sim-n1-r0-d0")
    model.stream("Hi").close()
    assert "model sim-n1-r0-d0" not in threads()


SCRIPT = """
import sys
from playground.providers import Model
model = Model(base_url=sys.argv[1], model="sim-n1000-r50-d0")
chunks = model.stream("Hi")
print(repr(next(chunks)), flush=True)
next(chunks)
{end}
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [("", 0), ("raise SystemExit(3)", 3), ("1 / 0", 1), ("import os, signal; os.kill(os.getpid(), 2)", 130)],
)
def test_a_script_that_ends_in_mid_stream_ends(served: ServedSimulator, end: str, code: int) -> None:
    script = SCRIPT.format(end=end)
    arguments = [sys.executable, "-X", "dev", "-c", script, served.simulator.base_url]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "''\n"
    assert done.returncode in {code, -2 if code == 130 else code}
    for complaint in (
        "never retrieved",
        "never awaited",
        "ResourceWarning",
        "Exception ignored",
        "Event loop is closed",
    ):
        assert complaint not in done.stderr
    until_idle(served)
