"""When which bytes go out. Pure: a `Body` and `MockOptions` in, steps out.

A step is (µs after the request came, bytes), in order; the last one of every schedule is an `Action` instead.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from playground.mock.dialects import error_event
from playground.mock.errors import BadOption
from playground.mock.options import Fault, MockOptions
from playground.mock.tape import Body


class Action(Enum):
    END = "end"  # the answer ends in order
    CUT = "cut"  # the connection breaks off


Step = tuple[int, bytes | Action]


class Write(NamedTuple):
    """`at`: where its bytes stood in the body as recorded; what a fault added has the place of what it was added to."""

    due: int
    at: int
    raw: bytes
    is_added: bool = False


class Schedule(NamedTuple):
    """`is_cut`: whether the last step is a cut."""

    steps: Iterator[Step]
    is_cut: bool


def schedule(body: Body, options: MockOptions) -> Schedule:
    """Raises BadOption where the recording has no such chunk, or no such fault can happen in it."""
    plan = _Plan(body, options)
    for fault in sorted(options.faults, key=lambda fault: _ORDER[fault.word]):
        plan.apply(fault)
    steps = plan.steps(options.loops)
    with_crlf = any(fault.word == "crlf" for fault in options.faults)
    return Schedule(_with_crlf(steps) if with_crlf else steps, plan.action is Action.CUT)


# What only adds comes before what takes away.
_ORDER = {"double": 0, "stall": 1, "split": 2, "no-end": 3, "error": 4, "cut": 5, "crlf": 6}


def due_of(t: int, options: MockOptions, origin: int) -> int:
    return 0 if not options.speed else round(max(0, t - origin) / options.speed)


class _Plan:
    """The writes of one answer, which faults change. The bytes from 0 on are in `writes`, sorted by time."""

    def __init__(self, body: Body, options: MockOptions) -> None:
        self._body = body
        self._name = options.faults_from
        origin = seek_origin(body, options)
        self.writes = [Write(due_of(t, options, origin), at, raw) for t, at, raw in body.pieces]
        self._length = sum(len(raw) for _t, _at, raw in body.pieces)
        last = self.writes[-1].due if self.writes else 0
        self._end = max(last, due_of(body.ends_at, options, origin))
        self.action = Action.CUT if body.is_cut else Action.END

    # --- faults --------------------------------------------------------------------------------------------------

    def apply(self, fault: Fault) -> None:
        """Raises BadOption."""
        if fault.word == "crlf":
            return
        if not self._body.is_streamed and fault.word in ("double", "no-end", "error"):
            raise BadOption(self._name, f"“{fault.word}” cannot happen to an answer in one piece: ask for a stream.")
        if fault.word == "no-end":
            self._truncate(self._body.marker)
            self.action = Action.END
            return
        count = len(self._body.chunks)
        most = count - 1 if fault.word in ("double", "split") else count
        if fault.at > most:
            raise BadOption(self._name, f"{fault.word}@{fault.at}: the recording has {count} chunks, counted from 0.")
        getattr(self, f"_{fault.word}")(fault)

    def _cut(self, fault: Fault) -> None:
        # Of an answer in one piece, half has come by then.
        place = self._place(fault.at) if self._body.is_streamed else self._length // 2
        self._stop_at(place, Action.CUT)

    def _error(self, fault: Fault) -> None:
        place = self._place(fault.at)
        self._stop_at(place, Action.END)
        message = f"The mock breaks off before chunk {fault.at}, as error@{fault.at} asks."
        self.writes.append(Write(self._end, place, error_event(self._body.dialect, message), is_added=True))

    def _stall(self, fault: Fault) -> None:
        self._delay(self._boundary(self._place(fault.at)), fault.seconds)

    def _double(self, fault: Fault) -> None:
        start, end = self._body.chunks[fault.at]
        after = self._boundary(end)
        self.writes.insert(after, Write(self.writes[after - 1].due, start, self._body.raw[start:end], is_added=True))

    def _split(self, fault: Fault) -> None:
        start, end = self._body.chunks[fault.at]
        raw = self._body.raw
        lead = next((at for at in range(start, len(raw)) if raw[at] >= 0xC0), (start + end) // 2)
        self._delay(self._boundary(lead + 1), fault.seconds)

    def _place(self, chunk: int) -> int:
        """Where a chunk's bytes begin; for the number after the last one, where the last one's end."""
        chunks = self._body.chunks
        if chunk < len(chunks):
            return chunks[chunk].start if self._body.is_streamed else 0
        return chunks[-1].end if chunks else 0

    # --- writes --------------------------------------------------------------------------------------------------

    def _boundary(self, place: int) -> int:
        """The index of the first write from `place` of the recorded bytes on; a write across it becomes two."""
        for index, (due, at, raw, is_added) in enumerate(self.writes):
            if at >= place:
                return index
            if at + len(raw) > place and not is_added:
                self.writes[index : index + 1] = [
                    Write(due, at, raw[: place - at]),
                    Write(due, place, raw[place - at :]),
                ]
                return index + 1
        return len(self.writes)

    def _delay(self, index: int, seconds: float) -> None:
        by = round(seconds * 1_000_000)
        self.writes[index:] = [write._replace(due=write.due + by) for write in self.writes[index:]]
        self._end += by

    def _truncate(self, place: int) -> None:
        del self.writes[self._boundary(place) :]

    def _stop_at(self, place: int, action: Action) -> None:
        index = self._boundary(place)
        self._end = self.writes[index].due if index < len(self.writes) else self._end
        del self.writes[index:]
        self.action = action

    # --- out -----------------------------------------------------------------------------------------------------

    def steps(self, loops: int) -> Iterator[Step]:
        chunks = self._body.chunks
        begin = end = len(self.writes)
        if loops > 1 and chunks and self._body.is_streamed:
            begin = self._boundary(chunks[0].start)
            end = self._boundary(chunks[-1].end)
        told = self.writes[begin:end]
        period = told[-1].due - told[0].due if told else 0
        if len(told) > 1:  # and the usual gap before it begins again
            period += period // (len(told) - 1)
        times = loops if told else 1
        yield from ((write.due, write.raw) for write in self.writes[:begin])
        for number in range(times):
            yield from ((write.due + number * period, write.raw) for write in told)
        later = (times - 1) * period
        yield from ((write.due + later, write.raw) for write in self.writes[end:])
        yield self._end + later, self.action


def seek_origin(body: Body, options: MockOptions) -> int:
    """In µs since the run began. Raises BadOption."""
    seek = options.seek
    if seek.chunk is None:
        end = max((piece.t for piece in body.pieces), default=0)
        if seek.t > max(end, body.ends_at):
            raise beyond_the_end(options, max(end, body.ends_at))
        return seek.t
    if seek.chunk >= len(body.chunks):
        raise BadOption(
            options.seek_from, f"#{seek.chunk}: the recording has {len(body.chunks)} chunks, counted from 0."
        )
    last = body.chunks[seek.chunk].end - 1
    return next((t for t, at, raw in body.pieces if at + len(raw) > last), 0)


def beyond_the_end(options: MockOptions, end: int) -> BadOption:
    seconds = f"{options.seek.t / 1e6:g}"
    return BadOption(options.seek_from, f"{seconds}: the recording is over after {end / 1e6:g} seconds.")


def _with_crlf(steps: Iterator[Step]) -> Iterator[Step]:
    """Each LF as CRLF, unless it is one."""
    after_cr = False
    for due, raw in steps:
        if isinstance(raw, Action) or not raw:
            yield due, raw
            continue
        plain = b"\r" + raw if after_cr else raw
        changed = plain.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        yield due, changed.removeprefix(b"\r") if after_cr else changed
        after_cr = raw.endswith(b"\r")
