import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.workspaces.models import ApiToken, Membership, Workspace
from playground.workspaces.tokens import authenticate_token, create_token, revoke_token
from tests.factories import make_member, make_token, make_user, make_workspace

pytestmark = pytest.mark.django_db


def test_a_token_names_its_user_and_workspace(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    workspace = make_workspace()
    user = make_member(workspace)
    secret = create_token(user, workspace, "ci")
    assert secret.startswith("spg_")
    with django_assert_num_queries(2):  # one to look it up, one to note its first use
        token = authenticate_token(secret)
    assert token is not None
    assert (token.user, token.workspace, token.name) == (user, workspace, "ci")


@pytest.mark.parametrize("secret", ["", "spg_", "spg_nonsense", "nonsense", "spg_\0", "spg_é", "x" * 100_000])
def test_nonsense_is_nobody(secret: str) -> None:
    make_token(make_member())
    assert authenticate_token(secret) is None


def test_only_the_hash_is_kept() -> None:
    secret = make_token(make_member())
    assert secret not in str(vars(ApiToken.objects.get()))


def test_a_revoked_token_is_nobody() -> None:
    user = make_member()
    secret = make_token(user)
    token = ApiToken.objects.get()
    assert not revoke_token(make_member(), token.pk), "another's token"
    assert authenticate_token(secret) is not None
    assert revoke_token(user, token.pk)
    assert authenticate_token(secret) is None
    assert not revoke_token(user, token.pk), "it is revoked already"


def test_an_inactive_user_is_nobody() -> None:
    user = make_member()
    secret = make_token(user)
    user.is_active = False
    user.save()
    assert authenticate_token(secret) is None


def test_who_left_the_workspace_is_nobody() -> None:
    user = make_member()
    secret = make_token(user)
    Membership.objects.filter(user=user).delete()
    assert authenticate_token(secret) is None


def test_a_token_of_a_user_who_was_never_a_member_is_nobody() -> None:
    assert authenticate_token(make_token(make_user(), Workspace.objects.default())) is None


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock by which answers are kept."""
    passed = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds

    return wait


def test_the_last_use_is_noted_at_most_once_a_minute(
    django_assert_num_queries: DjangoAssertNumQueries, later: Callable[[float], None]
) -> None:
    secret = make_token(make_member())
    authenticate_token(secret)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    later(2)
    with django_assert_num_queries(1):
        authenticate_token(secret)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    later(2)
    authenticate_token(secret)
    assert ApiToken.objects.get().last_used_at > first


def test_an_answer_is_kept_for_a_second(
    django_assert_num_queries: DjangoAssertNumQueries, later: Callable[[float], None]
) -> None:
    user = make_member()
    secret = make_token(user)
    token = authenticate_token(secret)
    with django_assert_num_queries(0):
        assert authenticate_token(secret) is token
    type(user).objects.update(is_active=False)
    later(1.1)
    assert authenticate_token(secret) is None
