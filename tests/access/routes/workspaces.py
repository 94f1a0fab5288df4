from playground.accounts.link_tokens import digest_of, new_token
from playground.accounts.reset_links import create_reset_link
from playground.workspaces.models import ApiToken, Invitation, Membership
from playground.workspaces.tokens import create_token
from tests.access.cast import Who, World
from tests.access.rules import ANY_MEMBER, ANY_OWNER, BY_A_LINK, OF_OWNERS, ONLY_AUTHOR, PUBLIC, Answer, Route, rule


def token(world: World) -> dict[str, object]:
    create_token(world.author, world.workspace)
    return {"token_id": ApiToken.objects.get(user=world.author).pk}


def member(world: World) -> dict[str, object]:
    return {"member_id": Membership.objects.get(user=world.author, workspace=world.workspace).pk}


def invitation(world: World) -> dict[str, object]:
    return {"invitation_id": _invite(world, world.session.updated_at.replace(year=9999), None)[1].pk}


def invitation_link(world: World) -> dict[str, object]:
    return {"token": world.link_token(lambda expires_at, revoked_at: _invite(world, expires_at, revoked_at)[0])}


def _invite(world: World, expires_at: object, revoked_at: object) -> tuple[str, Invitation]:
    secret, owner = new_token(), world.people[Who.OWNER]
    fields = {"digest": digest_of(secret), "expires_at": expires_at, "revoked_at": revoked_at, "created_by": owner}
    return secret, Invitation.objects.create(workspace=world.workspace, **fields)


def offer(_world: World) -> dict[str, object]:
    return {"role": "viewer", "days": 1, "uses": "one"}


def reset_link(world: World) -> dict[str, object]:
    return {"token": create_reset_link(world.author, world.people[Who.OWNER])}


ROUTES = [
    Route("workspaces:tokens", ANY_MEMBER),
    Route("workspaces:revoke-token", ONLY_AUTHOR, args=token),
    Route("workspaces:revoke-token", ONLY_AUTHOR, method="post", args=token),
    Route("workspaces:done-showing", ANY_MEMBER, method="post"),
    Route("workspaces:workspaces", ANY_MEMBER),
    Route("workspaces:new", ANY_MEMBER, method="post", data=lambda world: {"name": "Another"}),
    Route(
        "workspaces:choose",
        rule(Who.VIEWER, Who.EDITOR, Who.OWNER, Who.AUTHOR),
        method="post",
        data=lambda world: {"workspace": world.workspace.pk},
    ),
    Route("workspaces:settings", ANY_OWNER),
    Route("workspaces:members", ANY_MEMBER),
    Route("workspaces:leave", ANY_MEMBER, method="post"),
    Route("workspaces:role", OF_OWNERS, method="post", args=member, data=lambda world: {"role": "viewer"}),
    Route("workspaces:remove", OF_OWNERS, method="post", args=member),
    Route("workspaces:transfer", OF_OWNERS, method="post", args=member),
    Route("workspaces:reset", OF_OWNERS, method="post", args=member),
    Route(
        "workspaces:invite", ANY_OWNER, method="post", data=lambda world: {"role": "viewer", "days": 1, "uses": "one"}
    ),
    Route("workspaces:revoke-invitation", OF_OWNERS, method="post", args=invitation),
    Route("workspaces:audit", ANY_OWNER),
    Route("workspaces:audit-csv", ANY_OWNER),
    Route("workspaces:join", BY_A_LINK, args=invitation_link),
    Route("workspaces:join", {**BY_A_LINK, Who.LINK: Answer.YES}, method="post", args=invitation_link),
    Route("workspaces:set-password", PUBLIC, args=reset_link),
]
