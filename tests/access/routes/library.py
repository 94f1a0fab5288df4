from django.utils import timezone

from playground.library import batches
from playground.library.models import Prompt
from tests.access.cast import Who, World
from tests.access.rules import (
    ANY_EDITOR,
    ANY_MEMBER,
    DELETE,
    OF_EDITORS,
    OF_MEMBERS,
    SEE,
    Answer,
    Route,
    of_session,
    rule,
)
from tests.library.factories import make_content, make_prompt

OF_ITS_AUTHOR = rule(Who.AUTHOR, Who.OWNER)
TYPED = {"name": "Another", "text": "About {{topic}}", "base": "1"}


def prompt(world: World) -> dict[str, object]:
    return {"prompt_id": make_prompt(world.author).pk}


def version(world: World) -> dict[str, object]:
    return {**prompt(world), "number": 1}


def deleted(world: World) -> dict[str, object]:
    made = prompt(world)
    Prompt.objects.filter(pk=made["prompt_id"]).update(deleted_at=timezone.now())
    return made


def batch(world: World) -> dict[str, object]:
    current = make_prompt(world.author, content=make_content("Hello")).current
    assert current is not None
    made = batches.create(world.author, current, ["sim/sim-n5-r0"], [{}], "Batch")
    made.session.visibility = world.visibility
    made.session.save()
    return {"batch_id": made.pk}


ROUTES = [
    Route("library:prompts", ANY_MEMBER),
    Route("library:find", ANY_MEMBER, headers={"HX-Request": "true"}),
    Route("library:new", ANY_EDITOR),
    Route("library:new", ANY_EDITOR, method="post", data=lambda world: TYPED),
    Route("library:draft", ANY_EDITOR, method="post", data=lambda world: {"prompt": "Hello"}),
    Route("library:preview", ANY_EDITOR, method="post", data=lambda world: {"prompt": "Hello {{you}}"}),
    Route("library:prompt", OF_MEMBERS, args=prompt),
    Route("library:diff", OF_MEMBERS, args=prompt),
    Route("library:edit", OF_EDITORS, args=prompt),
    Route("library:edit", OF_EDITORS, method="post", args=prompt, data=lambda world: TYPED),
    Route("library:restore-version", OF_EDITORS, method="post", args=version),
    Route("library:delete", OF_ITS_AUTHOR, method="post", args=prompt),
    Route("library:restore", rule(Who.AUTHOR, Who.OWNER, others=Answer.UNKNOWN), method="post", args=deleted),
    Route("library:new-batch", OF_EDITORS, args=prompt),
    Route("library:new-batch", OF_EDITORS, method="post", args=prompt, data=lambda world: {"table": ""}),
    of_session("library:batch", SEE, args=batch),
    of_session("library:export-batch", SEE, args=batch),
    of_session("library:stop-batch", DELETE, method="post", args=batch),
]
