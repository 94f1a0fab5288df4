"""What a first visit loads, as it goes over the wire."""

from typing import Any

from tests.e2e.conftest import NewPage

BUDGET = 120 * 1024


def test_a_first_visit_loads_little(new_page: NewPage) -> None:
    page = new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def started(event: Any) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def finished(event: Any) -> None:
        sizes[addresses[event["requestId"]]] = event["encodedDataLength"]

    network.on("Network.requestWillBeSent", started)
    network.on("Network.loadingFinished", finished)
    page.goto("/")
    page.locator("#sidebar-sessions .sidebar__sessions").wait_for()
    page.wait_for_load_state("networkidle")
    sizes = {address: size for address, size in sizes.items() if not address.startswith("data:")}
    assert sum(sizes.values()) <= BUDGET, sorted(sizes.items(), key=lambda item: -item[1])[:10]
    assert all(address.startswith(page.url.rstrip("/")) for address in sizes), "something comes from elsewhere"
