"""Prompts of the library, as people leave them."""

from typing import Any

from playground.accounts.models import User
from playground.library import services
from playground.library.models import Prompt, PromptVersion
from playground.library.services import About, Content
from playground.library.variables import Kind, Variable
from playground.workspaces.models import Workspace

TONE = Variable("tone", Kind.CHOICE, "calm", "cheerful", ("calm", "cheerful"))
LINES = Variable("lines", Kind.NUMBER, "4", "2")
TOPIC = Variable("topic", test="goldfish on the moon")
POEM = "Write {{lines}} {{tone}} lines about {{topic}}."


def make_content(text: str = POEM, *variables: Variable, **fields: Any) -> Content:
    known = variables or (LINES, TONE, TOPIC)
    return Content(text, variables=[v.as_json() for v in known if v.name in text + fields.get("system", "")], **fields)


def make_prompt(
    user: User, name: str = "Poem", content: Content | None = None, *, workspace: Workspace | None = None, **about: Any
) -> Prompt:
    workspace = workspace or Workspace.objects.default()
    return services.create(user, workspace, About(name, **about), content or make_content())


def make_version(user: User, prompt: Prompt, text: str, note: str = "") -> PromptVersion:
    base = prompt.versions.count()
    return services.change(user, prompt, About(prompt.name), make_content(text), base=base, note=note)
