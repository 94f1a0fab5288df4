"""What each fault does to the steps of an answer: the parts that `faults.FAULTS` is made of.

Each takes a scene and yields the body's writes, without HTTP's framing.
"""

import itertools
import math
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import orjson

from playground.providers.simulator.steps import Scene, Step, changed

Steps = Callable[[Scene], Iterator[Step]]

PAUSE_S: Final = 0.05  # between the halves of a character, so that they come in two reads
SETTLE_S: Final = 0.15  # what was sent has arrived by then: a reset overtakes it
BURST: Final = 16  # events that a buffering proxy holds back
KEEPALIVE_S: Final = 0.05  # between comments
WORDS: Final = "All work and no stream makes a dull model.\n"
LONG_TEXT: Final = WORDS * 5_000  # 215 kB: more than the 64 or 128 KiB that many readers take as a line
HUGE_BYTES: Final = 8 * 1024 * 1024
TOO_LONG_BYTES: Final = 17 * 1024 * 1024
BOM: Final = b"\xef\xbb\xbf"
PAGE: Final = b"<!doctype html>\n<html><head><title>Sign in to the network</title></head><body>Hello</body></html>\n"
_TEXT_STARTS: Final = 0x80  # bytes from here on belong to characters of more than one


def untouched(scene: Scene) -> Iterator[Step]:
    return scene.all()


def nothing(scene: Scene) -> Iterator[Step]:
    return iter(())


def once(raw: bytes) -> Steps:
    """`raw` is the whole body."""

    def steps(scene: Scene) -> Iterator[Step]:
        yield 0.0, raw

    return steps


def whole(scene: Scene) -> Iterator[Step]:
    yield scene.source.due(max(scene.source.count - 1, 0)), scene.source.whole()


# --- ends ----------------------------------------------------------------------------------------------------------


def ends(scene: Scene) -> Iterator[Step]:
    return scene.before()


def no_end_marker(scene: Scene) -> Iterator[Step]:
    yield from scene.before()
    yield from scene.after(end=False)


def torn(scene: Scene) -> Iterator[Step]:
    """The last step is the one that is torn."""
    yield from scene.before()
    yield next(scene.after())


def settles(scene: Scene) -> Iterator[Step]:
    yield from scene.before()
    yield scene.due + SETTLE_S, b""


def ends_with(make: Callable[[Scene], bytes]) -> Steps:
    """Something else comes instead of the rest."""

    def steps(scene: Scene) -> Iterator[Step]:
        yield from scene.before()
        yield scene.due, make(scene)

    return steps


def says(event: bytes) -> Callable[[Scene], bytes]:
    return lambda _: event


def filtered(scene: Scene) -> bytes:
    return scene.source.event(finish="content_filter") + b"data: [DONE]\n\n"


def goes_on_after_the_end(scene: Scene) -> Iterator[Step]:
    yield from scene.all()
    last = scene.source.due(max(scene.source.count - 1, 0))
    yield last, scene.text(b"late") + b"data: {garbage\n\ndata: [DONE]\n\n"


# --- never ends ----------------------------------------------------------------------------------------------------


def stalls(scene: Scene) -> Iterator[Step]:
    yield from scene.before()
    yield math.inf, b""


def silent(scene: Scene) -> Iterator[Step]:
    yield math.inf, b""


def comments(scene: Scene) -> Iterator[Step]:
    yield from scene.before()
    for number in itertools.count():
        yield scene.due + number * KEEPALIVE_S, b": keepalive\n\n"


def endless(scene: Scene) -> Iterator[Step]:
    yield from scene.source.opening()
    tokens = [piece for _, piece in scene.source.tokens()] or [scene.text(b"a ")]
    for number, piece in enumerate(itertools.cycle(tokens)):
        yield scene.source.due(number), piece


# --- comes between, or is written otherwise -----------------------------------------------------------------------


def inserts(make: Callable[[Scene], bytes]) -> Steps:
    """Something comes between two chunks."""

    def steps(scene: Scene) -> Iterator[Step]:
        yield from scene.before()
        yield scene.due, make(scene)
        yield from scene.after()

    return steps


def text(raw: bytes) -> Callable[[Scene], bytes]:
    """A chunk more, whose text is these bytes of JSON."""
    return lambda scene: scene.text(raw)


def long_text(scene: Scene) -> bytes:
    return scene.text(orjson.dumps(LONG_TEXT)[1:-1])


def huge_text(scene: Scene) -> bytes:
    return scene.text(orjson.dumps(WORDS * (HUGE_BYTES // len(WORDS)))[1:-1])


def too_long_text(scene: Scene) -> bytes:
    return scene.text(b"x" * TOO_LONG_BYTES)


def no_choices(scene: Scene) -> bytes:
    event = scene.source.event
    return event(choices=[]) + event(choices=None) + event().replace(b',"choices":', b',"selection":', 1)


def usage(scene: Scene) -> bytes:
    counts = {"prompt_tokens": 1, "completion_tokens": scene.at, "total_tokens": scene.at + 1}
    return scene.source.event(choices=[], usage=counts)


def no_numbers(scene: Scene) -> bytes:
    return scene.source.event().replace(b"{", b'{"timings":{"predicted_ms":NaN,"score":-Infinity},', 1)


def every(change: Callable[[bytes], bytes]) -> Steps:
    """All events are written otherwise."""

    def steps(scene: Scene) -> Iterator[Step]:
        return (changed(step, change) for step in scene.all())

    return steps


def in_two_lines(event: bytes) -> bytes:
    # Within a JSON string a quote has a backslash before it, so this is a member's name.
    return event.replace(b',"choices":', b',\ndata: "choices":', 1)


def begins_with(start: bytes) -> Steps:
    def steps(scene: Scene) -> Iterator[Step]:
        rest = scene.all()
        yield changed(next(rest), lambda piece: start + piece)
        yield from rest

    return steps


def repeats_roles(scene: Scene) -> Iterator[Step]:
    """An event with a role and no text before each."""
    role = scene.source.event(text=None)
    return (changed(step, lambda piece: role + piece) for step in scene.all())


def splits_a_character(scene: Scene) -> Iterator[Step]:
    yield from scene.before()
    rest = scene.after()
    for due, piece in rest:
        raw = piece if isinstance(piece, bytes) else piece()
        at = next((place for place, byte in enumerate(raw) if byte >= _TEXT_STARTS), -1) + 1
        if at:
            yield due, raw[:at]
            yield due + PAUSE_S, raw[at:]
            break
        yield due, raw
    yield from rest


def splits_line_ends(scene: Scene) -> Iterator[Step]:
    """CR LF, and the two in different writes."""
    for due, piece in scene.all():
        raw = piece if isinstance(piece, bytes) else piece()
        *lines, tail = raw.split(b"\n")
        for line in lines:
            yield due, line + b"\r"
            yield due, b"\n"
        if tail:
            yield due, tail


def bursts(scene: Scene) -> Iterator[Step]:
    """Nothing, then many events at once, as from a proxy that buffers."""
    steps = scene.all()
    while held := list(itertools.islice(steps, BURST)):
        yield held[-1][0], b"".join(piece if isinstance(piece, bytes) else piece() for _, piece in held)


def gzipped(scene: Scene) -> Iterator[Step]:
    packer, due = zlib.compressobj(wbits=zlib.MAX_WBITS | 16), 0.0
    for due, piece in scene.all():
        raw = piece if isinstance(piece, bytes) else piece()
        yield due, packer.compress(raw) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield due, packer.flush()
