"""docs/faults.md has the faults that there are, and says of each what the tests see."""

from playground.providers.simulator.faults import FAULTS, Fault
from tests.reliability.fault_table import TOLD, none, part, whole
from tests.server import ROOT

KEPT = {part: "what came before", whole: "all of it", none: "none"}


def documented(fault: Fault) -> str:
    told = TOLD[fault.name]
    name = f"`fault-{fault.name}`" + (" `xN`" if fault.placed else "")
    status = told.status + (f", attempt {told.attempts}" if told.attempts > 1 else "")
    code = f"`{told.code}`" if told.code else ""
    return f"| {fault.row} | {name} | {fault.does} | {status} | {code} | {KEPT.get(told.text, 'all of it')} |"


def test_the_page_is_the_table() -> None:
    text = (ROOT / "docs" / "faults.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert rows == [documented(fault) for fault in FAULTS.values()]
