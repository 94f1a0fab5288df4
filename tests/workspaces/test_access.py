import pytest
from django.contrib.auth.models import AnonymousUser

from playground.errors import Forbidden, NotFound, NotSignedIn
from playground.workspaces.access import current_workspace, has_role, require_role
from playground.workspaces.models import Membership, Role
from tests.factories import make_member, make_user, make_workspace

pytestmark = pytest.mark.django_db


def test_the_current_workspace_is_the_first_one_joined() -> None:
    first, second = make_workspace(), make_workspace()
    user = make_member(first)
    Membership.objects.create(user=user, workspace=second)
    assert current_workspace(user) == first


def test_nobody_has_no_workspace() -> None:
    with pytest.raises(NotSignedIn):
        current_workspace(AnonymousUser())
    with pytest.raises(NotFound):
        current_workspace(make_user())


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("least", list(Role))
def test_a_role_includes_the_lower_ones(role: Role, least: Role) -> None:
    workspace = make_workspace()
    user = make_member(workspace, role)
    order = [Role.VIEWER, Role.EDITOR, Role.OWNER]
    enough = order.index(role) >= order.index(least)
    assert has_role(user, workspace, least) is enough
    if enough:
        require_role(user, workspace, least)
    else:
        with pytest.raises(Forbidden):
            require_role(user, workspace, least)


def test_for_a_stranger_it_does_not_exist() -> None:
    workspace = make_workspace()
    for stranger in (make_member(make_workspace(), Role.OWNER), AnonymousUser()):
        assert not has_role(stranger, workspace, Role.VIEWER)
        with pytest.raises(NotFound):
            require_role(stranger, workspace, Role.VIEWER)
