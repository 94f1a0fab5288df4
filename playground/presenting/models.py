from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from playground.runs.models import Run, Session, Turn, Visibility, new_id
from playground.workspaces.models import Membership, Role


class SpeakerNote(models.Model):
    """What only the presenter sees beside a turn."""

    turn = models.OneToOneField(Turn, on_delete=models.CASCADE, related_name="speaker_note")
    text = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"note on {self.turn}"


class FallbackRecording(models.Model):
    """The recording that a show plays in a lane, in place of the newest that is complete."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="fallbacks")
    lane = models.PositiveSmallIntegerField()
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["turn", "lane"], name="fallback_once_per_lane")]

    def __str__(self) -> str:
        return f"fallback for lane {self.lane} of {self.turn}"


class Preflight(models.Model):
    """The last check of all models of a session before a show.

    `results`: by model id `{ok, ms, code, message}`, filled in as the models answer. `ended_at` is None meanwhile.
    """

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="preflight")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    results = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"preflight of {self.session_id}"


class ShowQuerySet(models.QuerySet["Show"]):
    def of_editors(self) -> "ShowQuerySet":
        """Of a session that is there, and that its presenter may still present."""
        seen = Q(session__owner=F("presenter")) | Q(session__visibility=Visibility.WORKSPACE)
        member = Membership.objects.filter(
            user=OuterRef("presenter"),
            workspace=OuterRef("session__workspace"),
            user__is_active=True,
            role__in=[Role.EDITOR, Role.OWNER],
        )
        return self.filter(seen, Exists(member), session__deleted_at=None)

    def on(self) -> "ShowQuerySet":
        """Neither ended nor expired."""
        return self.of_editors().filter(ended_at=None, expires_at__gt=timezone.now())


class Show(models.Model):
    """A session on stage.

    The audience's link holds a code, which is found by its SHA-256. `state` is what is on the stage, see
    `presenting.stage`; `shown` are the runs that have been on it, which the audience may read. `patience_s`: how long a
    live answer may take to begin before a recording takes its place.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="shows")
    presenter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shows")
    title = models.CharField(max_length=200, blank=True)
    patience_s = models.PositiveSmallIntegerField(default=10)
    digest = models.CharField(max_length=64, unique=True)
    state = models.JSONField(default=dict)
    shown = models.ManyToManyField(Run, related_name="shows")
    started_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ShowQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"show of {self.session_id}"

    @property
    def is_on(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()

    @property
    def room(self) -> str:
        return f"show:{self.pk}"
