"""Whom the code asks: the gateway of this server, or the provider itself."""

from dataclasses import replace
from typing import Final

from playground.connections.models import Connection
from playground.providers.dialects import DIALECTS, dialect
from playground.providers.endpoint import Endpoint
from playground.providers.http import upstream_url
from playground.providers.redaction import shown_url
from playground.runs.models import Run
from playground.runs.requests import generation_request
from playground.snippets import curl
from playground.snippets.ask import Ask

GATEWAY_KEY: Final = "PLAYGROUND_API_KEY"
PROVIDER_KEY: Final = "PROVIDER_API_KEY"
CLIENTS_SPEAK: Final = "openai-chat"


def provider_of(run: Run) -> Connection | None:
    """The connection that the run's model belongs to, if it still exists and leads to an address."""
    name = run.model_id.partition("/")[0]
    connection = Connection.objects.filter(workspace=run.turn.session.workspace_id, name=name).first()
    return connection if connection is not None and connection.dialect in DIALECTS else None


def of_gateway(run: Run, base_url: str) -> Ask:
    """What the run asked, of the gateway, in whatever dialect the model is reached."""
    return Ask(base_url, GATEWAY_KEY, run.model_id, run.messages, run.turn.parameters)


def of_provider(run: Run, connection: Connection) -> Ask:
    """The same, of a provider that speaks OpenAI's chat."""
    return replace(
        of_gateway(run, shown_url(connection.base_url)), key=PROVIDER_KEY, model=run.model_id.partition("/")[2]
    )


def native_curl(run: Run, connection: Connection) -> str:
    """The request as the dialect of the connection writes it; without the connection's own headers, which are secret.

    Raises:
        InvalidRequest: the dialect cannot say what was asked.
    """
    endpoint = Endpoint(
        connection.dialect,
        shown_url(connection.base_url),
        api_key=f"${PROVIDER_KEY}",
        supports_streaming=connection.supports_streaming,
    )
    request = dialect(connection.dialect).request(endpoint, generation_request(run, run.model_id.partition("/")[2]))
    return curl.post(str(upstream_url(endpoint.base_url, request.path)), request.headers, curl.indented(request.body))
