"""Whatever comes, no dialect's parser raises, and every answer has an end."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.dialects import DIALECTS, dialect
from playground.recording.shapes import misshapen
from tests.providers.dialect_fixtures import FOLDER, fixture
from tests.providers.faults import ASK

every_dialect = pytest.mark.parametrize("name", [name for name in DIALECTS if (FOLDER / name).is_dir()])

WORDS = """
type delta message content text thinking tool_calls tool_plan function name arguments citations usage tokens
index finish_reason candidates parts functionCall args finishReason usageMetadata promptTokenCount
promptFeedback blockReason groundingMetadata groundingChunks citationMetadata citationSources logprobsResult
chosenCandidates topCandidates token logprobs response done done_reason eval_count error output
additional_kwargs response_metadata usage_metadata input_tokens tool_call_chunks lc kwargs id
"""
VALUES = [
    "content-delta",
    "content-start",
    "tool-call-delta",
    "tool-plan-delta",
    "citation-start",
    "message-end",
    "AIMessageChunk",
    "ai",
    "text",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=4),
    max_leaves=14,
)


@every_dialect
@given(value=JSON)
def test_no_json_raises(name: str, value: Any) -> None:
    raw = orjson.dumps(value)
    for stream in (b"event: data\ndata: " + raw + b"\n\n", b"data: " + raw + b"\n\n", raw + b"\n", b"[" + raw + b"]"):
        parser = dialect(name).parser(ASK)
        parts = parser.feed(stream) + parser.close()
        assert parser.done or parser.error is not None
        assert [misshapen(part.kind, part.data) for part in parts] == [""] * len(parts)
        orjson.dumps([(part.kind, part.data) for part in parts])


@every_dialect
@given(data=st.data())
def test_no_damage_raises(name: str, data: st.DataObject) -> None:
    raw = bytearray(fixture(name, "text").raw)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    parser = dialect(name).parser(ASK)
    parser.feed(bytes(raw))
    parser.close()
    assert parser.done or parser.error is not None
