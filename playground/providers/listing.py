"""Which models an endpoint has."""

from typing import Final

from playground.providers import refusals
from playground.providers.dialects import dialect
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.providers.redaction import hide, secrets_of
from playground.providers.runnables import DIALECT as RUNNABLES

LIST_BYTES: Final = 4 * 1024 * 1024
LIST_SECONDS: Final = 20.0


async def list_models(endpoint: Endpoint, *, http: UpstreamClient) -> list[str]:
    """The names of the endpoint's models, as it orders them; where there is no such question, those of its dialect.

    Raises ProviderError.
    """
    if endpoint.dialect == RUNNABLES:
        return []
    spoken = dialect(endpoint.dialect)
    request = spoken.models_request(endpoint)
    if request is None:
        return spoken.read_models(b"")
    try:
        async with http.stream(request, endpoint) as response:
            body = await response.read(LIST_BYTES, LIST_SECONDS)
        if response.status != 200:
            raise refusals.from_answer(response.status, response.headers, body)
        return spoken.read_models(body)
    except ProviderError as error:
        error.message = hide(error.message, secrets_of(endpoint))
        raise
