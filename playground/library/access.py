"""Which prompt, version or batch a request names, and who may do what to it.

| | viewer | editor | its author, if an editor; owners |
|---|---|---|---|
| a prompt of the workspace | reads | changes, uses, forks, runs batches | also deletes and restores |

A batch belongs to a session: who sees that sees the batch, and who may delete it may stop it. What a user cannot see
does not exist for them: 404. What they see and may not do is refused with the reason: 403.
"""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden
from playground.library.models import Batch, Prompt, PromptVersion
from playground.runs.access import is_visible, stoppable_sessions, visible_turns
from playground.runs.models import Turn
from playground.runs.purge import KEPT_AFTER_DELETION
from playground.workspaces.access import current_workspace, has_role, require_role, workspaces_of
from playground.workspaces.models import Role, Workspace


def visible_prompts(user: User) -> QuerySet[Prompt]:
    return Prompt.objects.filter(workspace__in=workspaces_of(user), deleted_at=None)


def deletable_prompts(user: User) -> QuerySet[Prompt]:
    """Deleted ones too, for what can undo a deletion."""
    own = Q(created_by=user, workspace__in=workspaces_of(user, Role.EDITOR))
    return Prompt.objects.filter(own | Q(workspace__in=workspaces_of(user, Role.OWNER)))


def restorable_prompts(user: User) -> QuerySet[Prompt]:
    return deletable_prompts(user).filter(deleted_at__gt=timezone.now() - KEPT_AFTER_DELETION)


def prompt_or_404(user: User, prompt_id: UUID) -> Prompt:
    return get_object_or_404(visible_prompts(user).select_related("workspace", "current"), pk=prompt_id)


def prompt_to_use(user: User, prompt_id: UUID) -> Prompt:
    """For what editors do: change, fork, run."""
    prompt = prompt_or_404(user, prompt_id)
    require_role(user, prompt.workspace, Role.EDITOR)
    return prompt


def prompt_to_delete(user: User, prompt_id: UUID) -> Prompt:
    prompt = prompt_or_404(user, prompt_id)
    if not deletable_prompts(user).filter(pk=prompt.pk).exists():
        raise Forbidden(_("Only the person who made this prompt or an owner of the workspace can delete it."))
    return prompt


def restorable_prompt_or_404(user: User, prompt_id: UUID) -> Prompt:
    return get_object_or_404(restorable_prompts(user), pk=prompt_id)


def version_or_404(prompt: Prompt, number: int) -> PromptVersion:
    return get_object_or_404(prompt.versions.select_related("created_by"), number=number)


def version_to_use(user: User, workspace: Workspace, version_id: int) -> PromptVersion:
    """A version of the workspace's library, to send it there."""
    usable = PromptVersion.objects.filter(prompt__in=visible_prompts(user), prompt__workspace=workspace)
    version = get_object_or_404(usable.select_related("prompt"), pk=version_id)
    require_role(user, workspace, Role.EDITOR)
    return version


def turn_or_404(user: User, turn_id: UUID) -> Turn:
    return get_object_or_404(visible_turns(user), pk=turn_id)


def workspace_to_edit(user: User) -> Workspace:
    workspace = current_workspace(user)
    require_role(user, workspace, Role.EDITOR)
    return workspace


def may_edit(user: User, workspace: Workspace) -> bool:
    return has_role(user, workspace, Role.EDITOR)


def visible_batches(user: User) -> QuerySet[Batch]:
    return Batch.objects.filter(is_visible(user, "session__"))


def batch_or_404(user: User, batch_id: UUID) -> Batch:
    found = visible_batches(user).select_related("version__prompt__workspace", "session", "created_by")
    return get_object_or_404(found, pk=batch_id)


def may_stop(user: User, batch: Batch) -> bool:
    return stoppable_sessions(user).filter(pk=batch.session_id).exists()


def batch_to_stop(user: User, batch_id: UUID) -> Batch:
    batch = batch_or_404(user, batch_id)
    if not may_stop(user, batch):
        raise Forbidden(_("Only the person who started this batch or an owner of the workspace can stop it."))
    return batch
