"""`manage.py stream`: in this process for what it prints, as a process for signals and exit codes."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_connection
from tests.server import ROOT

ARTICLE = "Write me a 1 verse song about sparkling water."


def run(*arguments: str) -> str:
    """What the command writes to stderr."""
    complaints = io.StringIO()
    call_command("stream", *arguments, stderr=complaints)
    return complaints.getvalue()


@pytest.mark.django_db
def test_it_prints_the_articles_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--model", "sim/sim-en-n12-r0-d0", ARTICLE) == ""
    printed = capsys.readouterr().out
    assert printed.startswith("|")
    assert printed.endswith("||\n")
    assert printed.count("|") == 14
    run("--model", "sim/sim-en-n12-r0-d0", "--separator", "", ARTICLE)
    assert capsys.readouterr().out == printed.replace("|", "")


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_events_are_printed_one_a_line(capsys: pytest.CaptureFixture[str], version: str) -> None:
    run("--model", "sim/sim-en-n3-r0-d0", "--events", version, "--temperature", "0", ARTICLE)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"].removeprefix("on_chat_model_") for event in events] == ["start", *["stream"] * 5, "end"]
    assert {event["name"] for event in events} == {"sim/sim-en-n3-r0-d0"}
    assert events[0]["data"]["input"] == ARTICLE
    assert events[0]["metadata"].get("ls_temperature") == (0 if version == "v2" else None)
    assert events[-1]["data"]["output"]["content"] == "".join(e["data"]["chunk"]["content"] for e in events[1:-1])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "options", "remark"),
    [
        ("sim/sim-whole-n3-r0-d0", (), "The provider did not stream: the whole answer came as one chunk.\n"),
        ("sim/sim-e429x1a0-n3-r0-d0", (), "The provider answered at attempt 2.\n"),
        ("sim/sim-n9-r0-d0", ("--max-tokens", "2"), "The answer stopped at the limit of tokens (length).\n"),
    ],
)
def test_what_one_should_know_of_an_answer_is_on_stderr(model: str, options: tuple[str, ...], remark: str) -> None:
    assert run("--model", model, *options, ARTICLE) == remark


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "nonsense", "Hi"), "A model is written CONNECTION/MODEL"),
        (("--model", "nobody/gpt", "Hi"), "There is no model “nobody/gpt” here"),
        (("--model", "sim/sim-q", "Hi"), "unknown or repeated part 'q'"),
        (("--model", "sim/sim", "  "), "The prompt is empty"),
        (("--model", "sim/sim-e401", "Hi"), "API key"),
        (("--model", "sim/sim", "--max-tokens", "0", "Hi"), "at least 1"),
    ],
)
def test_an_error_is_one_sentence(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


@pytest.mark.django_db
def test_a_connection_that_cannot_be_reached() -> None:
    make_connection(name="down", base_url="http://127.0.0.1:9/v1", retry={"attempts": 1})
    with pytest.raises(CommandError, match="refused"):
        run("--model", "down/m", "Hi")


@pytest.fixture
def process_env(tmp_path: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "playground.settings"}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    return environment


def start(environment: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "stream", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_stops_it_with_130_and_what_came_stays(process_env: dict[str, str]) -> None:
    with start(process_env, "--model", "sim/sim-en-n500-r50-d0", "Hi") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        printed = process.stdout.read(20)
        process.send_signal(signal.SIGINT)
        printed += process.stdout.read()
        err = process.stderr.read()
    assert process.returncode == 130
    assert printed.startswith("|")
    assert printed.endswith("|\n")
    assert printed.count("|") < 400
    assert err == ""


def test_a_reader_that_leaves_ends_it_quietly(process_env: dict[str, str]) -> None:
    with start(process_env, "--model", "sim/sim-en-n500-r200-d0", "Hi") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "playground.settings"}
    with start(environment, "--model", "sim/sim", "Hi") as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err == "CommandError: The database is not ready: run `.venv/bin/python manage.py migrate` first.\n"
