"""docs/stream.schema.json says what the reader and the writer of `.stream.jsonl` do."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from playground.interchange.formats import WRITERS
from playground.interchange.stream_jsonl import load
from playground.recording.events import KINDS
from playground.recording.session_file import NotASessionFile
from playground.recording.status import FINAL
from tests.interchange.recordings import nested, retried, samples

SCHEMA: dict[str, Any] = orjson.loads((Path(__file__).parents[2] / "docs" / "stream.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
LINES = [orjson.loads(line) for line in WRITERS["stream"].write(retried()).splitlines()]


def test_the_schema_is_one_and_knows_the_kinds_and_ends_of_the_code() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["event"]["properties"]["kind"]["enum"] == list(KINDS)
    assert set(SCHEMA["$defs"]["ended"]["properties"]["status"]["enum"]) >= {status.value for status in FINAL}


def test_every_line_that_is_written_is_valid() -> None:
    for found in (retried(), nested(), *samples()):
        for number, line in enumerate(WRITERS["stream"].write(found).splitlines(), 1):
            problem = next(VALIDATOR.iter_errors(orjson.loads(line)), None)
            assert problem is None, f"line {number}: {problem}"


CHANGES: list[tuple[int, list[str], Any]] = [
    (0, ["version"], 2),
    (0, ["lane"], 8),
    (0, ["messages"], {}),
    (0, ["started_at"], "yesterday"),
    (0, ["retries"], "one"),
    (0, ["continues"], -1),
    (1, ["t"], -1),
    (1, ["kind"], "nonsense"),
    (1, ["data"], "text"),
    (1, ["offset"], -2),
    (-1, ["data", "status"], "splendid"),
    (-1, ["data", "error"], {"code": 5}),
    (-1, ["data", "attempts"], "many"),
]


@pytest.mark.parametrize(("place", "path", "value"), CHANGES, ids=str)
def test_what_the_reader_refuses_is_not_valid(place: int, path: list[str], value: Any) -> None:
    lines = copy.deepcopy(LINES)
    target = lines[place]
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    assert not VALIDATOR.is_valid(lines[place])
    with pytest.raises(NotASessionFile):
        load(b"\n".join(map(orjson.dumps, lines)))
