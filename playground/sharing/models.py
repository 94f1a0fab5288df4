from django.conf import settings
from django.db import models
from django.utils import timezone

from playground.runs.models import Run, Session
from playground.workspaces.models import Workspace


class ShareLink(models.Model):
    """A link that shows one session, or two runs side by side, to whoever has it.

    Only the SHA-256 of its token is kept. `password` is a salted hash, "" if none is asked for. `shows_*`: what the
    page includes beside the answers.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="share_links")
    session = models.ForeignKey(Session, null=True, blank=True, on_delete=models.CASCADE, related_name="share_links")
    left = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=128, blank=True)
    shows_system = models.BooleanField(default=False)
    shows_parameters = models.BooleanField(default=True)
    shows_timeline = models.BooleanField(default=True)
    shows_annotations = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="share_links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_count = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(session__isnull=False) | models.Q(left__isnull=False, right__isnull=False),
                name="share_link_shows_something",
            )
        ]

    def __str__(self) -> str:
        return self.name or f"share link {self.pk}"

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
