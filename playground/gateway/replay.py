"""`model: "replay/RUN_ID"`: a recording served again, by its own times, and with the faults that are asked for.

Nothing is asked of an upstream, and nothing is recorded: the answer names the recording in `x-playground-run`. Who may
see the run may replay it, as it is; what is hidden of it is hidden from links and exports only.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from django.conf import settings

from playground.errors import BadRequest, InvalidField, TooManyRuns
from playground.gateway.access import run_to_replay
from playground.gateway.calls import Call, Headers
from playground.gateway.recordings import recording_of
from playground.mock import attempts
from playground.mock.answer import RUN_HEADER, Answer, Recording, answer, refused
from playground.mock.attempts import Attempts
from playground.mock.dialects import Asked
from playground.mock.errors import BadOption, NotServed
from playground.mock.options import AS_RECORDED, MockOptions, read_options
from playground.mock.schedule import Action
from playground.runs.token_limits import hold_token_limits

MOST_BYTES: Final = 64 * 2**20  # of one answer that is told in a loop: a client that reads slowly is not seen here
_WRITES_A_TURN: Final = 64

_attempts = Attempts()
_counting = threading.Lock()
_live: Counter[int] = Counter()  # by user: replays of this process


async def replay(call: Call) -> None:
    """Answer `call` (by `call.client`) from a recording; return once all is said, or the client has gone.

    Raises what `run_to_replay` and `planned` raise, and TooManyRuns.
    """
    began = asyncio.get_running_loop().time()
    with _place(call):
        found = await call.engine.threads.call(_prepared, call)
        await _write(call, found, began)


def _prepared(call: Call) -> Answer:
    hold_token_limits(call.token, [call.model_id])
    run = run_to_replay(call.token, call.model_id.partition("/")[2])
    call.client.headers = [
        (RUN_HEADER.encode(), str(run.pk).encode()),
        (b"x-playground-session", str(run.turn.session_id).encode()),
    ]
    return planned(call, recording_of(run))


def planned(call: Call, recording: Recording) -> Answer:
    """Raises InvalidField for a wish that is wrong, BadRequest for a dialect that the recording cannot be told in."""
    asked = Asked(call.endpoint.dialect, call.is_streamed, call.with_usage)
    try:
        options = _bounded(read_options(call.body, call.headers, AS_RECORDED), recording)
        client = call.headers.get(attempts.HEADER, "")
        with _counting:
            refusal = _attempts.refusal(options.refusals, recording.id, str(call.token.pk), client)
        return refused(asked.dialect, refusal) if refusal else answer(recording, asked, options)
    except BadOption as problem:
        raise InvalidField(problem.field, problem.message) from None
    except NotServed as problem:
        raise BadRequest(problem.message, field="model") from None


def _bounded(options: MockOptions, recording: Recording) -> MockOptions:
    size = sum(len(read.raw) for read in recording.reads) + 512 * len(recording.attempt.chunks)
    return replace(options, loops=min(options.loops, max(1, MOST_BYTES // max(size, 1))))


async def _write(call: Call, found: Answer, began: float) -> None:
    """By an absolute schedule: what comes late does not make the rest later."""
    client, gone, loop = call.client, asyncio.Event(), asyncio.get_running_loop()
    client.on_gone = gone.set
    if client.gone or await _gone_by(began + found.head_at / 1e6, gone):
        return
    await client.start(found.status, _headers(found))
    await client.write(b"")  # the head goes out now, not with the first bytes
    for number, (due, raw) in enumerate(found.steps, 1):
        at = began + due / 1e6
        if (at > loop.time() and await _gone_by(at, gone)) or client.gone:
            return
        if raw is Action.END:
            await client.end()
        elif raw is Action.CUT:
            await client.cut()
        elif raw:
            await client.write(raw)
        if number % _WRITES_A_TURN == 0:  # sending does not wait for anything, so others would
            await asyncio.sleep(0)


async def _gone_by(at: float, gone: asyncio.Event) -> bool:
    """Wait until `at`, by the clock of the loop; whether the client left before."""
    try:
        async with asyncio.timeout_at(at):
            await gone.wait()
    except TimeoutError:
        return False
    return True


def _headers(found: Answer) -> Headers:
    return [(name.encode(), value.encode("latin-1")) for name, value in found.headers.items() if name != RUN_HEADER]


@contextmanager
def _place(call: Call) -> Iterator[None]:
    """One of those that a user may have of replays at once: as many as of runs. Raises TooManyRuns."""
    user, most = call.token.user_id, settings.PLAYGROUND_MAX_RUNS_PER_USER
    if _live[user] >= most:
        raise TooManyRuns(f"{most} of your replays are running, which is the limit. Wait for one to end.")
    _live[user] += 1
    try:
        yield
    finally:
        _live[user] -= 1
        if not _live[user]:
            del _live[user]
