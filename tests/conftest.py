"""What holds for every test: needs are checked before it starts, and nothing it started outlives it."""

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests import services

NEEDS: dict[str, Callable[[], str]] = {
    "browser": services.why_no_browser,
    "postgresql": services.why_no_postgresql,
    "redis": services.why_no_redis,
    "model": services.why_no_model,
}
# Threads of pools that end with the event loop or with the process: asyncio's default executor, asgiref's.
KEPT_THREADS = ("asyncio_", "ThreadPoolExecutor-", "asgiref")
PATIENCE_S = 2.0

# How fast an example runs says something of the machine, not of the code.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=services.IN_CI
)
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads or writes the test database: `make test` runs it once more on PostgreSQL."""
    for item in items:
        if item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, why_not in NEEDS.items():
        if item.get_closest_marker(marker) and (missing := why_not()):
            pytest.skip(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure."""
    report = yield
    if report.skipped and services.IN_CI and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not allow: {report.longreprtext}"
    return report


@pytest.fixture(autouse=True)
def _no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that ends with a task or a thread of its own still running fails."""
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_no_leaked_tasks")
        if request.node.get_closest_marker("database"):
            request.getfixturevalue("_no_leaked_connections")
    before = set(threading.enumerate())
    yield
    if request.node.get_closest_marker("database"):
        _close_connections_of_asgiref()
    started = [thread for thread in threading.enumerate() if thread not in before]
    own = [thread for thread in started if not thread.name.startswith(KEPT_THREADS)]
    for thread in own:
        thread.join(PATIENCE_S)
    alive = [thread.name for thread in own if thread.is_alive()]
    assert not alive, f"threads still running: {alive}"


@pytest.fixture(autouse=True)
def _in_the_default_language() -> Iterator[None]:
    """A request leaves its language active on the test's own thread, for whichever test comes next."""
    translation.deactivate()
    yield
    translation.deactivate()


def _close_connections_of_asgiref() -> None:
    """What `asyncio.run` in a sync test did through `sync_to_async` was done on a thread that stays."""
    executor = SyncToAsync.single_thread_executor
    if executor._threads:
        executor.submit(connections.close_all).result()


@pytest.fixture
async def _no_leaked_tasks() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    tasks = asyncio.all_tasks() - before - {asyncio.current_task()}
    if tasks:
        _, pending = await asyncio.wait(tasks, timeout=PATIENCE_S)
        assert not pending, f"tasks still running: {[task.get_name() for task in pending]} {pending}"


@pytest.fixture
async def _no_leaked_connections() -> AsyncIterator[None]:
    """What an async test did through `sync_to_async` left a connection on that thread, which nobody else closes."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def redis_url(worker_id: str) -> str:
    """A Redis database of this test worker's own. Mark the test with `redis`."""
    number = 8 + int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 8
    return f"{services.redis_url().rstrip('/')}/{number}"
