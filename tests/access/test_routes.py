"""Every route × everybody who may ask: the answer is the one in the table, and a route that is not in it fails."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from playground.runs.models import Visibility
from playground.workspaces import tokens
from tests.access import routes
from tests.access.cast import Who, World
from tests.access.rules import Answer, Route, answer_of

# Django's own, with checks of its own: `test_the_admin_is_for_staff` in tests/accounts.
NOT_OURS = {"admin", None}
TABLE: list[Route] = [
    route
    for module in pkgutil.iter_modules(routes.__path__)
    for route in importlib.import_module(f"tests.access.routes.{module.name}").ROUTES
]


def names_of(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}" if pattern.name else f"/{pattern.pattern}"
        elif pattern.namespace not in NOT_OURS or pattern.namespace is None:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names_of(pattern.url_patterns, inner)


def test_every_route_is_in_the_table() -> None:
    known = {route.name for route in TABLE} | {"set_language"}  # tested by its address
    known.discard("/i18n/setlang/")
    existing = set(names_of(get_resolver().url_patterns))
    assert existing - known == set(), "routes that are in no table of tests/access/routes"
    assert known - existing == set(), "the table has routes that do not exist"


@pytest.mark.django_db
@pytest.mark.parametrize("route", TABLE, ids=[route.id for route in TABLE])
@pytest.mark.parametrize("visibility", [Visibility.WORKSPACE, Visibility.PRIVATE])
def test_everybody_gets_the_answer_of_the_table(route: Route, visibility: Visibility) -> None:
    if visibility is Visibility.PRIVATE and route.private is None:
        return  # told the same as above
    expected = route.private if visibility is Visibility.PRIVATE else route.rule
    assert expected is not None
    world = World(visibility)
    got = {who: ask(world, route, who) for who in Who}
    assert got == expected


def ask(world: World, route: Route, who: Who) -> Answer:
    tokens._known.clear()
    with transaction.atomic():
        answer = _answer(world, route, who)
        transaction.set_rollback(True)  # the next one who asks finds the world as it was
    return answer


def _answer(world: World, route: Route, who: Who) -> Answer:
    fresh = world.seen_by(who)
    args = route.args(fresh)
    address = route.name if route.name.startswith("/") else reverse(route.name, kwargs=dict(args))
    is_api = route.name.startswith("api:")
    headers = {**route.headers, **(fresh.api_headers() if is_api else {})}
    client = Client() if is_api else fresh.client()
    data = dict(route.data(fresh))
    options = {"content_type": "application/json"} if is_api and route.method == "post" else {}
    response = getattr(client, route.method)(f"{address}{route.query}", data, headers=headers, **options)
    return answer_of(response)
