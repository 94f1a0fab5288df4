"""What a run asks of its model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from playground.providers.continuation import PREFILL, Way
from playground.providers.request import GenerationRequest, Message
from playground.runs.continuing import part_before
from playground.runs.models import Run
from playground.runs.parameters import to_request_parameters


def generation_request(run: Run, model: str, way: Way = PREFILL, *, stream: bool = True) -> GenerationRequest:
    """The request for the model that its upstream calls `model`. `way`: how that one goes on from a part."""
    parameters = to_request_parameters(run.turn.parameters)
    if run.continues_id and run.messages[-1]["role"] == "assistant":
        parameters = replace(parameters, extra={**parameters.extra, **way.parameters})
    return GenerationRequest(
        model=model,
        messages=tuple(map(_message, run.messages)),
        parameters=parameters,
        stream=stream,
        continues=len(part_before(run)),
    )


def _message(stored: Mapping[str, Any]) -> Message:
    extra = {name: value for name, value in stored.items() if name not in ("role", "content")}
    return Message(stored["role"], stored["content"], extra)
