"""Models by id: what a workspace can use, and what an id stands for. A model id splits at its first "/"."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from playground import rows
from playground.connections import builtin
from playground.connections.embedded import MODEL_NAME
from playground.connections.embedded.probe import probe
from playground.connections.models import Connection
from playground.connections.runnables import require_allowed
from playground.connections.secrets import SecretsUnreadable
from playground.errors import InvalidField
from playground.providers.continuation import PREFILL, Way, way_of
from playground.providers.endpoint import Endpoint, RetryPolicy, Timeouts
from playground.providers.simulator.grammar import UnknownModel, parse_model
from playground.workspaces.models import Workspace

Kind = Literal["embedded", "simulator", "connection"]
_NAMED_IN_ERRORS: Final = 3


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model to choose. `reason`: why it is not available, and what to do; "" if it is."""

    id: str
    connection: str
    model: str
    label: str
    kind: Kind
    simulated: bool = False
    available: bool = True
    reason: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """What `runtime.Runtimes.open` takes. `endpoint` is None for the built-in connections, whose port is not fixed.

    `way`: how the model is asked to go on from a part of its answer.
    """

    model_id: str
    connection: str
    model: str
    kind: Kind
    dialect: str
    endpoint: Endpoint | None = field(default=None, repr=False)
    way: Way = PREFILL

    @property
    def simulated(self) -> bool:
        return self.kind == "simulator"


def list_models(workspace: Workspace) -> list[ModelInfo]:
    """The workspace's own models, then the embedded one and presets of the simulator. One query.

    A connection that lists no model names is not in it, though any model name of it resolves.
    """
    own = [
        ModelInfo(f"{connection.name}/{name}", connection.name, name, f"{connection.name}/{name}", "connection")
        for connection in Connection.objects.filter(workspace=workspace)
        for name in connection.model_names
    ]
    return [*own, _embedded(), *_presets()]


def connection_names(workspace: Workspace) -> list[str]:
    """The workspace's own, then the built-in ones, and `replay`, by which the gateway names recordings. One query."""
    own = Connection.objects.filter(workspace=workspace).values_list("name", flat=True)
    return [*own, *builtin.ALL]


def resolve(workspace: Workspace, model_id: str) -> ResolvedModel:
    """Raises InvalidField("model", …) for an id that stands for nothing, in words that say what does exist."""
    name, separator, model = model_id.partition("/")
    if not separator or not name or not model:
        raise InvalidField("model", _("A model is written CONNECTION/MODEL. %s") % _what_exists(workspace), model_id)
    if name == builtin.LOCAL and model == MODEL_NAME:
        return ResolvedModel(model_id, name, model, "embedded", builtin.DIALECT)
    if name == builtin.SIM:
        return _simulated(model_id, model)
    connection = _named(workspace, name)
    if connection is None or (connection.model_names and model not in connection.model_names):
        raise InvalidField("model", _unknown(model_id) + " " + _what_exists(workspace), model_id)
    try:
        endpoint = endpoint_of(connection)
    except SecretsUnreadable as error:
        raise InvalidField("model", error.message, model_id) from None
    way = way_of(connection.dialect, connection.continues_by)
    return ResolvedModel(model_id, name, model, "connection", connection.dialect, endpoint, way)


def _named(workspace: Workspace, name: str) -> Connection | None:
    """By hand, for every run that begins asks this."""
    if "\0" in name:  # which PostgreSQL does not take, in no text
        return None
    sql = f"SELECT * FROM {rows.table_of(Connection)} WHERE workspace_id = %s AND name = %s"  # noqa: S608
    return next(iter(Connection.objects.raw(sql, [workspace.pk, name])), None)


def endpoint_of(connection: Connection) -> Endpoint:
    """Raises SecretsUnreadable, and InvalidField for a Runnable that is not allowed any more."""
    require_allowed(connection.dialect, connection.base_url)
    secrets = connection.read_secrets()
    return Endpoint(
        dialect=connection.dialect,
        base_url=connection.base_url,
        api_key=secrets.api_key,
        headers=secrets.headers,
        proxy=secrets.proxy,
        timeouts=Timeouts(**connection.timeouts),
        retry=_retry_policy(connection.retry),
        allow_private=connection.allow_private,
        supports_streaming=connection.supports_streaming,
    )


def _retry_policy(stored: dict[str, Any]) -> RetryPolicy:
    values = dict(stored)
    if "statuses" in values:
        values["statuses"] = frozenset(values["statuses"])
    if "retry_after_cap" in values:  # of a connection that was saved when it could be more
        values["retry_after_cap"] = min(values["retry_after_cap"], RetryPolicy().retry_after_cap)
    return RetryPolicy(**values)


def _embedded() -> ModelInfo:
    found = probe()
    return ModelInfo(
        id=builtin.EMBEDDED_MODEL,
        connection=builtin.LOCAL,
        model=MODEL_NAME,
        label=str(builtin.EMBEDDED_LABEL),
        kind="embedded",
        available=found.available,
        reason=str(found.reason),
        description=str(builtin.EMBEDDED_DESCRIPTION),
    )


def _presets() -> list[ModelInfo]:
    return [
        ModelInfo(
            id=f"{builtin.SIM}/{name}",
            connection=builtin.SIM,
            model=name,
            label=str(label),
            kind="simulator",
            simulated=True,
            description=str(builtin.SIM_DESCRIPTION),
        )
        for name, label in builtin.SIM_PRESETS.items()
    ]


def _simulated(model_id: str, model: str) -> ResolvedModel:
    try:
        parse_model(model)
    except UnknownModel as error:
        raise InvalidField("model", str(error), model_id) from None
    return ResolvedModel(model_id, builtin.SIM, model, "simulator", builtin.DIALECT)


def _unknown(model_id: str) -> str:
    return _("There is no model “%s” here.") % model_id[:100]


def _what_exists(workspace: Workspace) -> str:
    ids = [info.id for info in list_models(workspace) if info.available]
    open_ended = Connection.objects.filter(workspace=workspace, model_names=[]).values_list("name", flat=True)
    names = [*ids, *(f"{name}/…" for name in open_ended)]
    shown = ", ".join(names[:_NAMED_IN_ERRORS])
    return _("Use one of: %s.") % (shown + (", …" if len(names) > _NAMED_IN_ERRORS else ""))
