"""What was measured of the models of a workspace: measured, kept, and listed."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.connections import builtin
from playground.connections.catalogue import ModelInfo, ResolvedModel, endpoint_of, list_models, resolve
from playground.connections.measuring import Measured, measure_model
from playground.connections.models import Connection, Measurement
from playground.connections.runtime import Runtimes, with_runtimes
from playground.errors import Conflict, InvalidField
from playground.providers import listing
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.workspaces.models import Workspace

_under_way: set[tuple[int, str, str]] = set()


@dataclass(frozen=True, slots=True)
class Row:
    """A model in the table. `model` is "" for a connection that lists none, and of which none was measured.

    `reason`: why it cannot be asked now. `is_stale`: the connection was changed since.
    """

    connection: str
    model: str
    dialect: str
    simulated: bool = False
    embedded: bool = False
    reason: str = ""
    measured: Measured | None = None
    measured_at: datetime | None = None
    is_stale: bool = False

    @property
    def name(self) -> str:
        return f"{self.connection}/{self.model or '…'}"

    @property
    def key(self) -> str:
        """For the id of its element."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:12]


def table_of(workspace: Workspace) -> list[Row]:
    """The workspace's own models, then the built-in ones. Three queries."""
    kept = {(each.connection, each.model): each for each in Measurement.objects.filter(workspace=workspace)}
    rows = []
    for connection in Connection.objects.filter(workspace=workspace):
        measured = [model for name, model in kept if name == connection.name]
        for model in connection.model_names or measured or [""]:
            row = Row(connection.name, model, connection.dialect)
            rows.append(_filled(row, kept.get((connection.name, model)), changed_at=connection.updated_at))
    builtin_ones = [info for info in list_models(workspace) if info.kind != "connection"]
    return [*rows, *(_filled(_builtin_row(info), kept.get((info.connection, info.model))) for info in builtin_ones)]


def row_of(workspace: Workspace, connection: str, model: str) -> Row | None:
    return next((row for row in table_of(workspace) if (row.connection, row.model) == (connection, model)), None)


def last_of(workspace: Workspace) -> dict[str, Row]:
    """By connection: what was measured of it last."""
    rows = [row for row in table_of(workspace) if row.measured_at is not None]
    return {row.connection: row for row in sorted(rows, key=lambda row: row.measured_at or timezone.now())}


async def measure_named(workspace: Workspace, connection: str, model: str) -> Row:
    """Measure a model and keep what was found. `model` "": the first that the upstream names.

    Raises:
        InvalidField: there is no such model, or its connection cannot be used; `field` is `model`.
        Conflict: it is being measured already.
    """
    with _alone(workspace, connection, model):
        if not model:
            model = await _first_model(workspace, connection)
        resolved = await sync_to_async(resolve)(workspace, f"{connection}/{model}")
        found = await _measure(resolved)
        await sync_to_async(keep)(workspace, connection, model, found)
    row = await sync_to_async(row_of)(workspace, connection, model)
    return row or Row(connection, model, resolved.dialect, measured=found, measured_at=timezone.now())


def keep(workspace: Workspace, connection: str, model: str, measured: Measured) -> None:
    results: dict[str, Any] = {**asdict(measured), "text": "", "note": ""}
    Measurement.objects.update_or_create(
        workspace=workspace,
        connection=connection,
        model=model,
        defaults={"measured_at": timezone.now(), "results": _storable(results)},
    )


def forget(connection: Connection) -> None:
    """The connection is deleted, or became another."""
    Measurement.objects.filter(workspace=connection.workspace, connection=connection.name).delete()


async def _measure(resolved: ResolvedModel) -> Measured:
    def ignore(code: str, message: str, **data: Any) -> None: ...

    async def ask(runtimes: Runtimes) -> Measured:
        async with UpstreamClient() as http, runtimes.open(resolved, ignore) as endpoint:
            return await measure_model(endpoint, resolved.model, http)

    try:
        return await with_runtimes(ask)
    except ProviderError as error:  # of a runtime that did not start
        return Measured(stream="failed", error_code=error.code, error=error.message)


async def _first_model(workspace: Workspace, name: str) -> str:
    def find() -> Connection | None:
        return Connection.objects.filter(workspace=workspace, name=name).first()

    connection = await sync_to_async(find)()
    if connection is None:
        raise InvalidField("model", _("There is no connection of this name. It may have been deleted."))
    try:
        models: Sequence[str] = connection.model_names
        if not models:
            async with UpstreamClient() as http:
                models = await listing.list_models(endpoint_of(connection), http=http)
    except ProviderError as error:
        raise InvalidField("model", error.message) from None
    if not models:
        raise InvalidField("model", _("The provider names no model to ask: list one in the connection."))
    return models[0]


@contextmanager
def _alone(workspace: Workspace, connection: str, model: str) -> Iterator[None]:
    key = (workspace.pk, connection, model)
    if key in _under_way:
        raise Conflict(_("This model is being measured already. Wait a moment, then look again."))
    _under_way.add(key)
    try:
        yield
    finally:
        _under_way.discard(key)


def _builtin_row(info: ModelInfo) -> Row:
    return Row(
        info.connection,
        info.model,
        builtin.DIALECT,
        simulated=info.simulated,
        embedded=info.kind == "embedded",
        reason=info.reason,
    )


def _filled(row: Row, kept: Measurement | None, changed_at: datetime | None = None) -> Row:
    if kept is None:
        return row
    return replace(
        row,
        measured=Measured.load(kept.results),
        measured_at=kept.measured_at,
        is_stale=changed_at is not None and changed_at > kept.measured_at,
    )


def _storable(results: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL's JSON takes no NUL."""
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in results.items()}
