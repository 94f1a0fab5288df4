"""What an API token may use: which connections, how many runs a minute, how many tokens a day.

The token's expiry, its user and its workspace are asked where it comes in: `workspaces.tokens`, `runs.credentials`.
Only runs that are saved with their token are counted. What a run has used is known when it ends, so runs that are live
at the same time may together go past the day's limit.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import IntegerField, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.connections.catalogue import ModelInfo, list_models
from playground.errors import Forbidden, RateLimited
from playground.runs.models import Run
from playground.workspaces.models import ApiToken

_MINUTE: Final = timedelta(minutes=1)
_USED: Final = Coalesce("prompt_tokens", 0) + Coalesce(
    "completion_tokens",
    Cast(KT("metrics__chunks"), IntegerField()),  # where a provider does not report its tokens
    0,
)


def hold_token_limits(token: ApiToken, model_ids: Sequence[str]) -> None:
    """What a program asks of `model_ids` with `token`, one run each; for what saves no run, too.

    Raises:
        Forbidden: one of them is of a connection that the token may not use; `field` is `model`.
        RateLimited: its runs of the last minute, or its tokens of today, are used up.
    """
    hold_scope(token, model_ids)
    hold_rates(token, len(model_ids))


def hold_scope(token: ApiToken, model_ids: Iterable[str]) -> None:
    """Asked before a model id is resolved: nothing is said about what the token may not use. Raises Forbidden."""
    for model_id in model_ids:
        name = model_id.partition("/")[0]
        if not _may_use(token, name):
            message = _("This token may not use the connection “%(name)s”, only: %(names)s.")
            names = ", ".join(token.connections)
            raise Forbidden(message % {"name": name[:100], "names": names}, field="model")


def hold_rates(token: ApiToken, wanted: int) -> None:
    """In the transaction that adds `wanted` runs: until it ends, no one else counts this token's.

    Raises RateLimited.
    """
    if token.runs_per_minute is None and token.tokens_per_day is None:
        return
    if connection.features.has_select_for_update and connection.in_atomic_block:  # SQLite has one writer anyway
        ApiToken.objects.select_for_update(no_key=True).get(id=token.pk)
    now = timezone.now()
    _hold_runs(token, wanted, now)
    _hold_tokens(token, now)


def visible_models(token: ApiToken) -> list[ModelInfo]:
    """`list_models` of the token's workspace, less what the token may not use."""
    return [info for info in list_models(token.workspace) if _may_use(token, info.connection)]


def used_today(tokens: Collection[ApiToken]) -> dict[int, int]:
    """By token id: tokens of the prompts and answers of its runs of today. One query."""
    rows = _today(Run.objects.filter(token__in=tokens), timezone.now()).values_list("token").annotate(used=Sum(_USED))
    return {token_id: used or 0 for token_id, used in rows.order_by()}


def _may_use(token: ApiToken, connection_name: str) -> bool:
    return not token.connections or connection_name in token.connections


def _hold_runs(token: ApiToken, wanted: int, now: datetime) -> None:
    limit = token.runs_per_minute
    if limit is None:
        return
    recent = Run.objects.filter(token=token, created_at__gt=now - _MINUTE).order_by("-created_at")
    room_after = limit - wanted  # this many of the last minute may be left
    if room_after < 0:
        raise RateLimited(_minute_message(limit), retry_after=60)
    in_the_way = recent.values_list("created_at", flat=True)[room_after : room_after + 1].first()
    if in_the_way is not None:
        wait = math.ceil((in_the_way + _MINUTE - now).total_seconds())
        raise RateLimited(_minute_message(limit), retry_after=max(1, wait))


def _minute_message(limit: int) -> str:
    return _("This token may start %(limit)d runs a minute. Wait a little, then go on.") % {"limit": limit}


def _hold_tokens(token: ApiToken, now: datetime) -> None:
    limit = token.tokens_per_day
    if limit is not None and used_today([token]).get(token.pk, 0) >= limit:
        message = _("This token has used its %(limit)d tokens of today. Go on tomorrow, or use another token.")
        tomorrow = _midnight(now) + timedelta(days=1)
        wait = math.ceil((tomorrow - now).total_seconds())
        raise RateLimited(message % {"limit": limit}, retry_after=max(1, wait))


def _today(runs: QuerySet[Run], now: datetime) -> QuerySet[Run]:
    return runs.filter(created_at__gte=_midnight(now))


def _midnight(now: datetime) -> datetime:
    """When the day of the server's time zone began."""
    local = timezone.localtime(now)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
