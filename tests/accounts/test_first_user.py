import pytest

from playground.accounts.first_user import ensure_first_user
from playground.accounts.models import User
from playground.workspaces.models import Membership, Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_first_start_makes_an_owner() -> None:
    owner = ensure_first_user()
    assert owner is not None
    assert owner.username == "owner"
    assert not owner.has_usable_password()
    assert owner.is_superuser
    assert owner.is_staff
    membership = Membership.objects.get(user=owner)
    assert membership.workspace.slug == "default"
    assert membership.role == Role.OWNER


def test_a_later_start_finds_the_same() -> None:
    assert ensure_first_user() == ensure_first_user()
    assert User.objects.count() == 1


def test_people_who_came_by_token_first_do_not_lock_the_operator_out() -> None:
    make_user()
    owner = ensure_first_user()
    assert owner is not None
    assert owner.is_superuser


def test_without_an_active_superuser_there_is_no_one_to_greet() -> None:
    make_user(is_superuser=True, is_active=False)
    assert ensure_first_user() is None
    assert User.objects.count() == 1


def test_an_operator_made_by_hand_is_found_and_owns_the_default_workspace() -> None:
    operator = make_user(is_superuser=True, is_staff=True)
    assert ensure_first_user() == operator
    assert operator.memberships.get().role == Role.OWNER
