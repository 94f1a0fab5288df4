"""What tokens cost, where a connection has a price for its model."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from playground.connections.models import Connection
from playground.workspaces.models import Workspace

ANY_MODEL: Final = "*"
_PER: Final = 1_000_000


class Price(NamedTuple):
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal

    def of(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        return (self.input * prompt_tokens + self.output * completion_tokens) / _PER


class Prices:
    """The prices of a workspace's connections, as they are set now."""

    def __init__(self, by_connection: Mapping[str, Mapping[str, Price]]) -> None:
        self._by_connection = by_connection

    def of(self, model_id: str) -> Price | None:
        """None where no price is set: that is not the same as free."""
        connection, _, model = model_id.partition("/")
        prices = self._by_connection.get(connection, {})
        return prices.get(model) or prices.get(ANY_MODEL)


def prices_of(workspace: Workspace) -> Prices:
    stored = Connection.objects.filter(workspace=workspace).exclude(prices={}).values_list("name", "prices")
    return Prices(
        {
            name: {
                model: Price(Decimal(str(price["input"])), Decimal(str(price["output"])))
                for model, price in prices.items()
            }
            for name, prices in stored
        }
    )
