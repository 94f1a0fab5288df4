from django.conf import settings
from django.db import models
from django.urls import reverse

from playground.runs.models import Session, Turn, new_id
from playground.workspaces.models import Workspace


class Prompt(models.Model):
    """A named prompt of a workspace's library. What it says is in its versions, which never change.

    `current` is its newest version; None only while the prompt is being made.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="prompts")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    current = models.OneToOneField(
        "PromptVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="current_of"
    )
    forked_from = models.ForeignKey(
        "PromptVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="forks"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                condition=models.Q(deleted_at=None),
                name="prompt_name_once_per_workspace",
            )
        ]
        indexes = [models.Index(fields=["workspace", "-updated_at"], name="prompt_of_workspace")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("library:prompt", args=[self.pk])


class PromptTag(models.Model):
    """A word that a prompt is found by."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["prompt", "name"], name="tag_once_per_prompt")]
        indexes = [models.Index(fields=["name"], name="prompts_by_tag")]

    def __str__(self) -> str:
        return self.name


class PromptVersion(models.Model):
    """One state of a prompt.

    `text` and `system` hold `{{name}}` where a value goes. `variables` is a list of
    {"name", "type": "text"|"number"|"choice", "default", "test", "choices"?}. `parameters` and `model_ids` are as a
    turn has them.
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    system = models.TextField(blank=True)
    variables = models.JSONField(default=list, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    model_ids = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["prompt", "number"], name="version_number_once_per_prompt")]

    def __str__(self) -> str:
        return f"{self.prompt} v{self.number}"


class PromptUse(models.Model):
    """A turn that was made from a version, with the values that were filled in."""

    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="uses")
    turn = models.OneToOneField(Turn, on_delete=models.CASCADE, related_name="prompt_use")
    values = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.version} in turn {self.turn_id}"


class Batch(models.Model):
    """A version run against a table of values: a row of the table is a row of the result grid.

    Its turns are in `session`, and who sees that sees the batch. `is_open`: rows may have to be started yet; one
    process at a time does that, with a lease as runs have. `waiting_for`: the code of the error that it waits for to
    pass. `problem` says why it ended before all rows were started.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(PromptVersion, on_delete=models.CASCADE, related_name="batches")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="batch")
    model_ids = models.JSONField()
    parameters = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(default=True)
    waiting_for = models.CharField(max_length=30, blank=True)
    problem = models.TextField(blank=True)
    owner_process = models.CharField(max_length=32, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [models.Index(fields=["created_at"], name="batch_open", condition=models.Q(is_open=True))]

    def __str__(self) -> str:
        return f"batch of {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("library:batch", args=[self.pk])


class BatchRow(models.Model):
    """`turn` is there once the row was started; `error` says why it could not be."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    values = models.JSONField()
    turn = models.OneToOneField(Turn, null=True, blank=True, on_delete=models.SET_NULL, related_name="batch_row")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="row_position_once_per_batch")]

    def __str__(self) -> str:
        return f"row {self.position} of {self.batch_id}"
