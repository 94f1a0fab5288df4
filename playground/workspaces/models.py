from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkspaceManager(models.Manager["Workspace"]):
    def default(self) -> "Workspace":
        """The workspace that commands act in, made at first use."""
        workspace, _ = self.get_or_create(slug="default", defaults={"name": "Default"})
        return workspace


class Workspace(models.Model):
    """The team that shares sessions, prompts and connections."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # No limit where there is none; the installation's own limits hold beside them.
    max_live_runs = models.PositiveIntegerField(null=True, blank=True)
    max_tokens_per_day = models.PositiveBigIntegerField(null=True, blank=True)
    member_max_live_runs = models.PositiveIntegerField(null=True, blank=True)
    member_max_tokens_per_day = models.PositiveBigIntegerField(null=True, blank=True)

    objects = WorkspaceManager()

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    EDITOR = "editor", _("Editor")
    VIEWER = "viewer", _("Viewer")


class Membership(models.Model):
    """A user's current workspace is the one of the membership that was selected last."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.EDITOR)
    selected_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="membership_once_per_workspace")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} ({self.role})"


class ApiToken(models.Model):
    """A bearer token for the API and the gateway; only the SHA-256 of its secret is kept.

    `connections`: the names of those whose models it may use; [] for all. `runs_per_minute` and `tokens_per_day` (both
    prompt and answer; a day of the server's time zone) are None for no limit of its own.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    connections = models.JSONField(default=list, blank=True)
    runs_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_day = models.PositiveBigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"


class Invitation(models.Model):
    """A link that lets whoever has it join; only the SHA-256 of its secret is kept.

    `uses_left` is None for a link that any number of people can use. `email`: where it was sent, if it was.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.EDITOR)
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True)
    uses_left = models.PositiveIntegerField(null=True, blank=True, default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"invitation to {self.workspace} as {self.role}"


class AuditEntry(models.Model):
    """Who did what in a workspace. Names are kept as they were then: what they name may be gone."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="audit_entries")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["workspace", "-created_at"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action}"
