"""What people do to the prompts of the library."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import InvalidField, PlaygroundError
from playground.library.models import Prompt, PromptTag, PromptVersion
from playground.runs.purge import KEPT_AFTER_DELETION
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace

NAME_LENGTH: Final = 120
_PURGED_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a prompt, apart from its versions."""

    name: str
    description: str = ""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What a version says; the fields are those of `PromptVersion`."""

    text: str
    system: str = ""
    variables: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    model_ids: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, version: PromptVersion) -> "Content":
        return cls(version.text, version.system, version.variables, version.parameters, version.model_ids)


class Moved(PlaygroundError):
    """Someone else made a version since this one was opened."""

    code = "moved"
    status = 409

    def __init__(self, newest: PromptVersion) -> None:
        super().__init__(_("Someone else changed this prompt while you were editing it."))
        self.newest = newest


def create(
    user: User,
    workspace: Workspace,
    about: About,
    content: Content,
    *,
    note: str = "",
    forked_from: PromptVersion | None = None,
) -> Prompt:
    """Raises InvalidField if the workspace has a prompt of this name."""
    with _name_is_free(about.name), transaction.atomic():
        prompt = Prompt.objects.create(
            workspace=workspace,
            name=about.name,
            description=about.description,
            forked_from=forked_from,
            created_by=user,
            updated_at=timezone.now(),
        )
        _set_tags(prompt, about.tags)
        _add_version(user, prompt, 1, content, note)
    return prompt


def change(user: User, prompt: Prompt, about: About, content: Content, *, base: int, note: str = "") -> PromptVersion:
    """Save what was edited, as a new version if that differs from the current one. The newest version.

    `base` is the number of the version that was opened.

    Raises:
        Moved: there is a newer version than that.
        InvalidField: the workspace has another prompt of this name.
    """
    with _name_is_free(about.name), transaction.atomic():
        newest = _locked_newest(prompt)
        if newest.number != base:
            raise Moved(newest)
        prompt.name = about.name
        prompt.description = about.description
        prompt.updated_at = timezone.now()
        prompt.save(update_fields=["name", "description", "updated_at"])
        _set_tags(prompt, about.tags)
        if Content.of(newest) == content:
            return newest
        return _add_version(user, prompt, newest.number + 1, content, note)


def restore_version(user: User, prompt: Prompt, version: PromptVersion) -> PromptVersion:
    """Make an old version the newest again, as a new one; the newest if that says the same."""
    with transaction.atomic():
        newest = _locked_newest(prompt)
        if Content.of(newest) == Content.of(version):
            return newest
        note = _("Version %(number)d again") % {"number": version.number}
        return _add_version(user, prompt, newest.number + 1, Content.of(version), note)


def delete(user: User, prompt: Prompt) -> None:
    """Hide it; for 30 days that can be undone. What was deleted longer ago in its workspace goes for good."""
    with transaction.atomic():
        prompt.deleted_at = timezone.now()
        prompt.save(update_fields=["deleted_at"])
        record(prompt.workspace, user, "prompt.delete", prompt.name, subject_id=prompt.pk)
    purge(prompt.workspace)


def restore(user: User, prompt: Prompt) -> None:
    """Undo a deletion. Where its name was taken meanwhile, it gets a number."""
    with transaction.atomic():
        prompt.deleted_at = None
        prompt.name = free_name(prompt.workspace, prompt.name)
        prompt.save(update_fields=["deleted_at", "name"])
        record(prompt.workspace, user, "prompt.restore", prompt.name, subject_id=prompt.pk)


def purge(workspace: Workspace) -> None:
    """Remove prompts that were deleted more than 30 days ago, a few at a time."""
    expired = Prompt.objects.filter(workspace=workspace, deleted_at__lte=timezone.now() - KEPT_AFTER_DELETION)
    Prompt.objects.filter(pk__in=list(expired.values_list("pk", flat=True)[:_PURGED_AT_ONCE])).delete()


def free_name(workspace: Workspace, name: str) -> str:
    """`name`, with a number if the workspace has a prompt of that name."""
    taken = set(Prompt.objects.filter(workspace=workspace, deleted_at=None).values_list("name", flat=True))
    number, candidate = 2, name
    while candidate in taken:
        ending = f" ({number})"
        candidate = name[: NAME_LENGTH - len(ending)] + ending
        number += 1
    return candidate


def _locked_newest(prompt: Prompt) -> PromptVersion:
    """The newest version; no other is made before the transaction ends."""
    Prompt.objects.select_for_update().get(pk=prompt.pk)
    return prompt.versions.order_by("-number")[0]


def _add_version(user: User, prompt: Prompt, number: int, content: Content, note: str) -> PromptVersion:
    version = PromptVersion.objects.create(prompt=prompt, number=number, note=note, created_by=user, **asdict(content))
    prompt.current = version
    prompt.updated_at = version.created_at
    prompt.save(update_fields=["current", "updated_at"])
    return version


def _set_tags(prompt: Prompt, tags: Sequence[str]) -> None:
    prompt.tags.exclude(name__in=tags).delete()
    PromptTag.objects.bulk_create([PromptTag(prompt=prompt, name=name) for name in tags], ignore_conflicts=True)


@contextmanager
def _name_is_free(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "name" not in str(error):
            raise
        message = _("There is a prompt “%(name)s” already: choose another name.") % {"name": name}
        raise InvalidField("name", message) from error
