"""Every fault that a provider is known for, played over a real socket and told truly: at whole events and byte by byte.

The driver of runs asks the simulator; a tee keeps what the simulator wrote.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
import pytest

from playground.providers.endpoint import Endpoint, Timeouts
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.simulator import Simulator
from playground.providers.simulator.answers import Answer
from playground.providers.simulator.ask import read_ask
from playground.providers.simulator.faults import FAULTS, Fault
from playground.providers.sink import Outcome
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.faults import ASK, PATIENT, Recorder, streams, token, upstream
from tests.reliability.fault_table import POLICY, TOLD, Told
from tests.reliability.sizes import FULL, say
from tests.reliability.teed import Teed

MODEL: Final = "sim-zh-n4-r0-d0"  # every character of it is of three bytes
CHAT: Final = "openai-chat"
COMPLETIONS: Final = "openai-completions"
TOKENS: Final = 4
PATIENCE_S: Final = 60
# The body of a refusal is read at one go, as is one that cannot be decoded; a byte of gzip may be many characters.
READ_OTHERWISE: Final = {"gzip", "brotli", *(name for name, fault in FAULTS.items() if fault.status != 200)}
NEVER_ENDS: Final = {"stall", "silent", "comments", "endless"}
PIECE_OF_HUGE: Final = {  # byte by byte would take minutes to hours
    "longline": 16,
    "hugechunk": 1024,
    "toolong": 4096,
}


@dataclass(frozen=True)
class Case:
    fault: Fault
    dialect: str
    at: int | None
    bytes: int

    def __str__(self) -> str:
        place = "" if self.at is None else f"x{self.at}"
        return f"{self.fault.row}-{self.fault.name}{place}-{self.dialect.removeprefix('openai-')}-{self.bytes or 'all'}"

    @property
    def model(self) -> str:
        place = "" if self.at is None else f"x{self.at}"
        model = MODEL.replace("r0", "r100") if self.fault.name == "endless" else MODEL
        return f"{model}-fault-{self.fault.name}{place}" + (f"-bytes{self.bytes}" if self.bytes else "")

    @property
    def place(self) -> int:
        """How many tokens come before the fault."""
        return TOKENS // 2 if self.at is None else min(self.at, TOKENS)

    @property
    def told(self) -> Told:
        return TOLD[self.fault.name].at(self.place if self.fault.placed else 0)

    @property
    def timeouts(self) -> Timeouts:
        """Long enough for a busy machine; short where nothing else ends the run."""
        if self.fault.name == "endless":
            return replace(PATIENT, total=1.0)
        if self.fault.name in NEVER_ENDS:
            seconds = 2.0 if self.bytes else 1.0
            return replace(PATIENT, first_chunk=seconds, between_chunks=seconds)
        return PATIENT


def cases() -> Iterator[Case]:
    """Every fault in the middle, at whole events and byte by byte; at full size at every place, in both dialects."""
    for fault in FAULTS.values():
        byte = PIECE_OF_HUGE.get(fault.name, 1)
        yield Case(fault, CHAT, None, 0)
        yield Case(fault, CHAT, None, byte)
        yield Case(fault, COMPLETIONS, None, 0)
        if FULL:
            yield Case(fault, COMPLETIONS, None, byte)
            places = [(place, size) for place in range(TOKENS + 2) for size in (0, byte)]
        else:
            places = [(0, byte), (TOKENS + 1, 0)]
        if fault.placed:
            yield from (Case(fault, CHAT, place, size) for place, size in places)


@dataclass
class Played:
    case: Case
    outcome: Outcome
    sink: Recorder
    delays: list[float] = field(default_factory=list)


@pytest.fixture
async def sim() -> AsyncIterator[Teed]:
    async with Teed() as simulator:
        yield simulator


@pytest.fixture
async def http() -> AsyncIterator[UpstreamClient]:
    async with UpstreamClient() as client:
        yield client


async def play(sim: Simulator, http: UpstreamClient, case: Case) -> Played:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    endpoint = Endpoint(case.dialect, sim.base_url, timeouts=case.timeouts, retry=POLICY, allow_private=True)
    request = GenerationRequest(case.model, (Message("user", "你好"),))
    sink = Recorder()
    async with asyncio.timeout(PATIENCE_S):
        outcome = await stream_run(endpoint, request, sink, http=http, sleep=sleep)
    return Played(case, outcome, sink, delays)


def tokens_of(case: Case) -> list[str]:
    """The answer without its fault."""
    asked: dict[str, Any] = {"model": MODEL, "stream": True}
    asked |= {"messages": [{"role": "user", "content": "你好"}]} if case.dialect == CHAT else {"prompt": "你好"}
    answer = Answer(read_ask(orjson.dumps(asked), chat=case.dialect == CHAT), 1)
    return [token.text for token in answer._tokens]


@pytest.mark.parametrize("case", list(cases()), ids=str)
async def test_a_fault_is_told_truly(sim: Teed, http: UpstreamClient, case: Case) -> None:
    played = await play(sim, http, case)
    told, outcome, sink = case.told, played.outcome, played.sink
    assert outcome.status is told.status
    assert (outcome.error and outcome.error.code) == told.error
    assert outcome.error is None or told.says in outcome.error.message
    assert outcome.attempts == told.attempts
    if case.fault.name == "endless":
        assert sink.text.startswith("".join(tokens_of(case)))
    else:
        assert sink.text == told.text(tokens_of(case), case.place)
    assert told.notice is None or told.notice in [notice["code"] for notice in sink.of("notice")]
    failures = [failure["code"] for failure in sink.of("attempt.failed")]
    assert failures[told.attempts - 1 :] == ([told.error] if told.error else [])
    assert_bytes_are_kept(sim, sink, told)
    assert len(played.delays) == told.attempts - 1
    assert all(told.waits[0] <= delay <= told.waits[1] for delay in played.delays)
    if case.bytes == 1 and case.fault.name not in READ_OTHERWISE:
        assert_reads_are_small(sink)


def assert_bytes_are_kept(sim: Teed, sink: Recorder, told: Told) -> None:
    """What was read is what was sent; where the answer was over before its body, the beginning of it."""
    read, sent = b"".join(sink.reads), sim.bodies()
    if told.is_read:
        assert read == sent
    elif told.error == "unsupported_encoding":  # as it came: nobody can read it here, but somebody may
        assert read
        assert sent.startswith(read)
    else:
        assert sent.startswith(read)


def assert_reads_are_small(sink: Recorder) -> None:
    """The kernel may give two writes to one read; that must be the exception."""
    if sink.reads:
        assert sum(len(raw) == 1 for raw in sink.reads) >= 0.9 * len(sink.reads)


@pytest.mark.parametrize("name", ["endless", "silent", "stall", "stallx0"])
async def test_a_client_that_leaves_is_noticed_within_a_second(sim: Teed, http: UpstreamClient, name: str) -> None:
    """Also before the first token, and before any byte of an answer."""
    endpoint = Endpoint("openai-chat", sim.base_url, timeouts=PATIENT, allow_private=True)
    request = GenerationRequest(f"sim-n64-r200-d0-fault-{name}", (Message("user", "Hi"),))
    sink = Recorder()
    run = asyncio.create_task(stream_run(endpoint, request, sink, http=http))
    async with asyncio.timeout(PATIENCE_S):
        if name in ("endless", "stall"):
            await sink.wait_for("chunk")
        await sim.until(lambda: sim.counters.live == 1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    async with asyncio.timeout(1):
        await sim.until(lambda: sim.counters.aborted == 1)
    assert sim.counters.live == 0


async def test_usage_in_mid_answer_is_kept(sim: Teed, http: UpstreamClient) -> None:
    case = Case(FAULTS["usage"], "openai-chat", 2, 0)
    played = await play(sim, http, case)
    first, last = played.sink.of("usage")
    assert first["completion_tokens"] == 2
    assert last["completion_tokens"] == TOKENS
    assert played.outcome.usage == last


async def test_usage_that_came_before_the_cut_is_kept(http: UpstreamClient) -> None:
    usage = b'data: {"choices":[],"usage":{"completion_tokens":1}}\n\n'
    async with upstream(streams(token("a"), usage)) as served:
        outcome = await stream_run(served.endpoint(), ASK, Recorder(), http=http)
    assert (outcome.status, outcome.usage) == (RunStatus.TRUNCATED, {"completion_tokens": 1})


async def test_a_connection_that_the_provider_closed_is_not_used_again(sim: Teed, http: UpstreamClient) -> None:
    """What is left of HTTP/2's GOAWAY after an answer. A request that was just being sent is one that failed, and is
    sent again: each answer is written once.
    """
    for _ in range(3):
        played = await play(sim, http, Case(FAULTS["drain"], "openai-chat", None, 0))
        assert played.outcome.status is RunStatus.COMPLETED
        await sim.until(lambda: sim.counters.connections == 0)
    assert sim.counters.finished == 3


async def test_a_redirect_is_not_followed(sim: Teed, http: UpstreamClient) -> None:
    for name in ("redirect", "redirectaway"):
        played = await play(sim, http, Case(FAULTS[name], "openai-chat", None, 0))
        assert played.outcome.attempts == 1
        [answer] = played.sink.of("response.headers")
        assert answer["headers"].get("location") == (None if name == "redirect" else "elsewhere.invalid")
    assert len(sim.wires) == 2  # and not one more at the place that was named


async def test_what_goes_wrong_is_chosen_in_the_request_too(sim: Teed, http: UpstreamClient) -> None:
    """The same as in the name, over what the name says."""
    endpoint = Endpoint("openai-chat", sim.base_url, timeouts=PATIENT, retry=POLICY, allow_private=True)
    wish = {"fault": "eof", "at": 3, "bytes": 1}
    request = GenerationRequest(
        f"{MODEL}-fault-html", (Message("user", "你好"),), Parameters(extra={"sim": wish, "seed": None})
    )
    sink = Recorder()
    outcome = await stream_run(endpoint, request, sink, http=http)
    assert (outcome.status, outcome.error and outcome.error.code) == (RunStatus.TRUNCATED, "no_end_marker")
    assert len(sink.of("chunk")) == 3
    assert_reads_are_small(sink)


def test_the_table_knows_every_fault_and_every_row_has_one() -> None:
    assert TOLD.keys() == FAULTS.keys()
    assert {fault.row for fault in FAULTS.values()} == set(range(1, 34))
    assert [fault.row for fault in FAULTS.values()] == sorted(fault.row for fault in FAULTS.values())
    say("faults", f"{len(FAULTS)} faults of 33 kinds")
