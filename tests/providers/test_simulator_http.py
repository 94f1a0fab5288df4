"""The simulator's reading of HTTP/1.1: pure, from bytes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.simulator.http1 import MAX_BODY, MAX_HEAD, Refused, Request, RequestReader

SIZED = b"POST /v1/a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /v1/b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: x\r\n\r\n"
)
BARE = b"\r\nGET /stats HTTP/1.1\r\nConnection: close\r\n\r\n"


def read(*pieces: bytes) -> list[Request]:
    reader = RequestReader()
    requests = []
    for piece in pieces:
        reader.feed(piece)
        while (request := reader.next_request()) is not None:
            requests.append(request)
    return requests


def test_requests_that_follow_each_other() -> None:
    sized, chunked, bare = read(SIZED + CHUNKED + BARE)
    assert (sized.method, sized.path, sized.body, sized.keep_alive) == ("POST", "/v1/a", b"hello", True)
    assert (chunked.path, chunked.body, chunked.keep_alive) == ("/v1/b", b"hello world", True)
    assert (bare.method, bare.path, bare.body, bare.keep_alive) == ("GET", "/stats", b"", False)


@given(st.lists(st.integers(0, len(SIZED + CHUNKED + BARE)), max_size=12))
def test_the_cuts_of_the_network_do_not_matter(cuts: list[int]) -> None:
    whole = SIZED + CHUNKED + BARE
    edges = [0, *sorted(cuts), len(whole)]
    assert read(*(whole[a:b] for a, b in pairwise(edges))) == read(whole)


def test_one_byte_at_a_time() -> None:
    whole = SIZED + CHUNKED + BARE
    assert read(*(whole[index : index + 1] for index in range(len(whole)))) == read(whole)


@pytest.mark.parametrize(
    ("head", "keep_alive", "chunked_ok"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True, True),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", False, True),
        (b"GET / HTTP/1.0\r\n\r\n", False, False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True, False),
    ],
)
def test_whether_the_connection_stays_open(head: bytes, keep_alive: bool, chunked_ok: bool) -> None:
    (request,) = read(head)
    assert (request.keep_alive, request.chunked_ok) == (keep_alive, chunked_ok)


def test_a_client_that_waits_to_send_its_body_is_told_once_to_go_on() -> None:
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reader.next_request() is None
    assert reader.take_continue()
    assert not reader.take_continue()
    reader.feed(b"ok")
    request = reader.next_request()
    assert request is not None
    assert request.body == b"ok"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000, 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
        (b"POST / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5000), 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HEAD + 1), 431),
    ],
)
def test_what_is_no_request_is_refused(raw: bytes, status: int) -> None:
    with pytest.raises(Refused) as caught:
        read(raw)
    assert caught.value.status == status


def test_a_client_that_sends_on_and_on_is_stopped() -> None:
    reader = RequestReader()
    for _ in range((MAX_HEAD + MAX_BODY) // 1_000_000):
        reader.feed(b"x" * 1_000_000)
    with pytest.raises(Refused) as caught:
        reader.feed(b"x" * 1_000_000)
    assert caught.value.status == 413
