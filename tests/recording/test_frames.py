import orjson
import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from playground.recording.events import CHUNK, Event
from playground.recording.frames import MAX_BYTES, MAX_EVENTS, FrameEncoder, encode_frame, frame_head


def make_events(count: int, text: str = "ab") -> list[Event]:
    return [Event(i, i * 10, CHUNK, text) for i in range(count)]


def read_all(encoder: FrameEncoder) -> list[list[object]]:
    after, out = -1, []
    while frame := encoder.after(after):
        body = orjson.loads(frame.text)
        assert body["seq"] == after + 1
        assert frame.size == len(frame.text.encode())
        out.extend(body["events"])
        after = frame.last
    return out


def test_a_frame_is_what_the_protocol_says() -> None:
    frame = encode_frame(frame_head("r", "e"), [Event(3, 10, CHUNK, "水"), Event(4, 20, CHUNK, {"reasoning": "x"})])
    assert orjson.loads(frame.text) == {
        "op": "frame",
        "run": "r",
        "epoch": "e",
        "seq": 3,
        "events": [[10, "chunk", "水"], [20, "chunk", {"reasoning": "x"}]],
    }
    assert frame.last == 4


@pytest.mark.parametrize("count", [1, MAX_EVENTS, MAX_EVENTS * 3 + 1])
def test_frames_follow_one_another_without_a_hole(count: int) -> None:
    events = make_events(count)
    assert read_all(FrameEncoder("r", "e", events)) == [[e.t, e.kind, e.data] for e in events]


def test_a_frame_keeps_to_its_bytes_and_a_larger_event_goes_alone() -> None:
    events = make_events(5, "x" * (MAX_BYTES // 3))
    events[2] = events[2]._replace(data="y" * (MAX_BYTES * 2))
    encoder = FrameEncoder("r", "e", events)
    after = -1
    while frame := encoder.after(after):
        assert frame.size <= MAX_BYTES or (after, frame.last) == (1, 2)
        after = frame.last
    assert after == 4
    assert read_all(encoder) == [[e.t, e.kind, e.data] for e in events]


def test_viewers_at_one_position_share_one_encoding() -> None:
    encoder = FrameEncoder("r", "e", make_events(10))
    assert encoder.after(4) is encoder.after(4)


def test_nothing_newer_is_no_frame() -> None:
    events = make_events(2)
    encoder = FrameEncoder("r", "e", events)
    assert encoder.after(1) is None
    events.append(Event(2, 30, CHUNK, "c"))
    frame = encoder.after(1)
    assert frame is not None
    assert frame.last == 2


@pytest.mark.parametrize("size", [1, 200, 65_000, 130_000])
def test_the_bytes_of_a_frame_are_one_websocket_message(size: int) -> None:
    frame = encode_frame(frame_head("r", "e"), make_events(1, "x" * size))
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=OPEN)
    client.receive_data(frame.wire)
    (message,) = client.events_received()
    assert isinstance(message, WebSocketFrame)
    assert (message.opcode, message.fin, message.data) == (Opcode.TEXT, True, frame.text.encode())
