"""Tries a connection: which models its upstream names, and what one of them does."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from playground.connections.measuring import PATIENCE, Measured, measure_model
from playground.connections.problems import explain
from playground.providers.endpoint import Endpoint, RetryPolicy
from playground.providers.errors import ProviderError, TotalTimeout
from playground.providers.http import UpstreamClient
from playground.providers.listing import list_models

_LIST_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """`models_error` and `error` say what is wrong, "" where all is well. Nothing in it is secret.

    `model` is what was asked to answer; "" where there was none to ask. `streams`: whether more than one chunk came as
    a stream; `whole`: whether the answer came in one piece, outside any stream. Neither: it was too short to tell.
    """

    models: tuple[str, ...] = ()
    models_error: str = ""
    model: str = ""
    measured: Measured | None = None

    @property
    def works(self) -> bool:
        return self.measured is not None and self.measured.works

    @property
    def streams(self) -> bool:
        return self.measured is not None and self.measured.is_native

    @property
    def whole(self) -> bool:
        return self.measured is not None and self.measured.stream == "one_chunk"

    @property
    def error(self) -> str:
        return error_of(self.measured) if self.measured is not None else ""


async def check(endpoint: Endpoint, model_names: list[str], http: UpstreamClient) -> Report:
    """Measures the first of `model_names`; if none is given, the first that the upstream names."""
    try:
        report = Report(models=await _list(replace(endpoint, timeouts=PATIENCE, retry=RetryPolicy(attempts=1)), http))
    except ProviderError as error:
        report = Report(models_error=explain(error.code, error.message))
    model = next(iter(model_names or report.models), "")
    return replace(report, model=model, measured=await measure_model(endpoint, model, http)) if model else report


def error_of(measured: Measured) -> str:
    """Why it failed, in words; "" if it did not."""
    if measured.works:
        return ""
    if measured.error:
        return explain(measured.error_code, measured.error)
    return _("The answer ended as %s.") % measured.error_code


async def _list(endpoint: Endpoint, http: UpstreamClient) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(_LIST_S):
            return tuple(await list_models(endpoint, http=http))
    except TimeoutError:
        raise TotalTimeout(f"The provider did not name its models within {_LIST_S:g} s.") from None
