"""A person takes a recording away as a file, and brings it in again; and a stream that another program kept."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from playground.interchange import stream_jsonl
from tests.e2e.playground import expect_state, lane, open_new_session, run_of, send
from tests.server import Client

SSE = (
    'data: {"model":"gpt-of-a-dump","choices":[{"index":0,"delta":{"content":"Neap tides "}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"content":"come twice."},"finish_reason":"stop"}]}\n\n'
    "data: [DONE]\n\n"
)


def download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Download {name}").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


def bring_in(page: Page, file: Path) -> None:
    page.goto("/sessions/")
    page.get_by_role("link", name="Import").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import").click()


def test_a_recording_goes_out_and_comes_in_again(page: Page, api: Client, tmp_path: Path) -> None:
    open_new_session(page, "sim/sim-en-n20-r0")
    send(page, "Where do recordings go?")
    expect_state(lane(page), "completed")
    run = run_of(lane(page))
    page.goto(f"/runs/{run}/")
    page.get_by_role("link", name="Export").click()
    file = download(page, "Recording (.stream.jsonl)", tmp_path)
    assert file.name.endswith(".stream.jsonl")
    assert download(page, "Table of chunks (CSV)", tmp_path).read_text("utf-8-sig").startswith("seq,t_ms,gap_ms")

    bring_in(page, file)

    expect(page.get_by_text("1 session was imported. Found: Recording (.stream.jsonl).")).to_be_visible()
    copy = run_of(lane(page))
    assert copy != run
    assert api.run(copy)["text"] == api.run(run)["text"]
    again = api.http.get(f"/runs/{copy}/export?format=stream").content
    assert again == file.read_bytes()
    assert stream_jsonl.load_runs(again)[0].reads


def test_a_dump_of_curl_becomes_a_session(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "tides of a dump.sse"
    stamped = "".join(f"{number * 0.2:.6f} {line}" for number, line in enumerate(SSE.splitlines(keepends=True)))
    file.write_text(stamped)
    bring_in(page, file)
    expect(page.get_by_text("Found: Body of an answer (SSE or NDJSON), openai-chat.")).to_be_visible()
    expect(page.get_by_role("heading", name="tides of a dump")).to_be_visible()
    expect(lane(page)).to_contain_text("Neap tides come twice.")


def test_where_the_dialect_cannot_be_told_the_page_asks(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "refused.sse"
    file.write_text('data: {"error":{"message":"Overloaded"}}\n\n')
    bring_in(page, file)
    expect(page.get_by_text("Choose the format, or the dialect, and then the file again.")).to_be_visible()
    page.get_by_label("Dialect").select_option("openai-chat")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page).to_have_url(re.compile(r"/sessions/[0-9a-f-]+/"))
    expect_state(lane(page), "failed")
