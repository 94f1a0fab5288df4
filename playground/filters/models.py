from django.db import models

from playground.workspaces.models import Workspace


class Part(models.TextChoices):
    TEXT = "text"
    REASONING = "reasoning"


class FilterRule(models.Model):
    """A named replacement that a workspace applies to answers as they are shown, in the order of `position`.

    What is recorded, exported or passed on by the gateway is never touched by it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="filter_rules")
    name = models.CharField(max_length=120)
    part = models.CharField(max_length=10, choices=Part.choices, default=Part.TEXT)
    pattern = models.TextField()
    replacement = models.TextField(blank=True)
    is_enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="filter_name_once_per_workspace")]

    def __str__(self) -> str:
        return self.name
