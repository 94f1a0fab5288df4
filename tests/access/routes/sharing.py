from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, share_session
from playground.sharing.models import ShareLink
from tests.access.cast import Who, World
from tests.access.rules import ANY_OWNER, BY_A_LINK, CHANGE, SEE, Answer, Route, both, of_session, rule


def session(world: World) -> dict[str, object]:
    return {"session_id": world.session.pk}


def run(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk}


def link(world: World) -> dict[str, object]:
    return {"link_id": share_session(world.author, world.session, LinkDraft(Contents()))[0].pk}


def token(world: World) -> dict[str, object]:
    def make(**fields: object) -> str:
        made, token = share_session(world.author, world.session, LinkDraft(Contents()))
        ShareLink.objects.filter(pk=made.pk).update(**fields)
        return token

    return {"token": world.link_token(make)}


def shared_run(world: World) -> dict[str, object]:
    return {**token(world), **run(world)}


def shared_turn(world: World) -> dict[str, object]:
    return {**token(world), "turn_id": world.run.turn_id}


def two_runs(world: World) -> dict[str, object]:
    return {"a": world.run.pk, "b": world.other_run.pk}


FORM = {"lifetime": "7"}
OF_LINK = rule(Who.AUTHOR, Who.OWNER, others=Answer.UNKNOWN)

ROUTES = [
    of_session("sharing:links", CHANGE, args=session),
    of_session("sharing:links", CHANGE, method="post", args=session, data=lambda _world: FORM),
    of_session("sharing:comparison-links", CHANGE, data=two_runs),
    Route("sharing:workspace-links", ANY_OWNER),
    # An owner of the workspace revokes the link of a private session too, without learning what it is called.
    Route("sharing:revoke", OF_LINK, method="post", args=link, private=OF_LINK),
    of_session("sharing:export", SEE, args=session),
    of_session("sharing:export", SEE, method="post", args=session, data=lambda _world: {"format": "markdown"}),
    of_session("sharing:export-recording", SEE, method="post", args=run, data=lambda _world: {"format": "stream"}),
    *both(["sharing:export-run", "sharing:export-timeline", "sharing:export-replay"], SEE, args=run),
    Route("sharing:page", BY_A_LINK, args=token),
    Route("sharing:unlock", BY_A_LINK, method="post", args=token, data=lambda _world: {"password": "any"}),
    Route("sharing:turns", BY_A_LINK, args=token, data=lambda _world: {"after": "-1"}),
    Route("sharing:run", BY_A_LINK, args=shared_run),
    Route("sharing:run-view", BY_A_LINK, args=lambda world: {**shared_run(world), "view": "tokens"}),
    *both(["sharing:replay", "sharing:recording"], BY_A_LINK, make=Route, args=shared_turn),
]
