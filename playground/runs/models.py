import secrets
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from uuid_utils.compat import uuid7

from playground.recording.status import FINAL, RunStatus
from playground.runs.parameters import CHECKS
from playground.workspaces.models import ApiToken, Workspace


def new_id() -> UUID:
    """A UUIDv7: ids sort by the time they were made."""
    return uuid7()


def new_epoch() -> str:
    """An opaque name for one history of a run's log."""
    return secrets.token_hex(4)


class Visibility(models.TextChoices):
    PRIVATE = "private"
    WORKSPACE = "workspace"


class Session(models.Model):
    """A saved, ordered list of turns; belongs to one user in one workspace.

    `is_recorded` False: its prompts and answers are streamed and not kept. `origin`: "sample" or "import" for what was
    not recorded here, "gateway" for what a program asked for at `/v1`; `copied_from` names the session that this one
    goes on from.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="sessions")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="playground_sessions")
    title = models.CharField(max_length=200, blank=True)
    pinned = models.BooleanField(default=False)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    is_recorded = models.BooleanField(default=True)
    origin = models.CharField(max_length=10, blank=True)
    copied_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies")
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "owner", "-pinned", "-updated_at", "-id"],
                name="session_history",
                condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["workspace", "owner", "-updated_at", "-id"],
                name="session_by_author",
                condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["workspace", "visibility", "-updated_at", "-id"],
                name="session_of_workspace",
                condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["workspace", "-deleted_at", "-id"],
                name="session_deleted",
                condition=models.Q(deleted_at__isnull=False),
            ),
            models.Index(
                fields=["workspace", "-updated_at"], name="session_sample", condition=models.Q(origin="sample")
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)

    def get_absolute_url(self) -> str:
        return reverse("prompts:session", args=[self.id])

    @property
    def shown_title(self) -> str:
        """The title, or the reader's word where there is none."""
        return self.title or (gettext("Untitled") if self.is_recorded else gettext("Not recorded"))

    @property
    def audit_name(self) -> str:
        """Owners read the audit log, and need not know of a private session."""
        return self.title if self.visibility == Visibility.WORKSPACE else ""


class Turn(models.Model):
    """One prompt, sent to 1–8 lanes.

    `is_recorded` False: its prompt and answers were streamed and are not kept, only that and how they ran.
    `prompt` is the text of its last user message. `parameters` holds only what was set: temperature, top_p, max_tokens,
    stop, seed, logprobs, top_logprobs, tools, tool_choice, extra.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveIntegerField()
    prompt = models.TextField()
    system = models.TextField(blank=True)
    parameters = models.JSONField(default=dict)
    is_recorded = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["session", "position"], name="turn_position_once_per_session")]

    def __str__(self) -> str:
        return f"turn {self.position} of {self.session_id}"

    @property
    def ordered_parameters(self) -> list[tuple[str, Any]]:
        """The parameters as the form orders them: PostgreSQL's JSON keeps no order."""
        return [(name, self.parameters[name]) for name in CHECKS if name in self.parameters]


class Run(models.Model):
    """One lane's answer: one recorded stream.

    `messages` is the conversation as it was sent, a list of {"role", "content"}, with what else OpenAI's chat says in
    a message (`tool_calls`, `tool_call_id`, …); lanes of one turn differ in the earlier answers that it holds. `token`:
    the API token that asked for it, if one did.

    While the run lives, `owner_process` holds a lease on it until `lease_expires_at`, by the database's clock. `text`,
    `reasoning`, `metrics` and the like are filled in when it ends; until then, its segments are the truth. What lists
    filter and sum by has columns of its own: `ttft_ms`, `tokens_per_s`, `prompt_tokens`, `completion_tokens` (estimated
    where `usage` says so), and `has_notices`, which is set where a reader should look twice: at what `findings` names,
    stored by `runs.badges`.
    `has_other_parts`: the answer is more than text and reasoning (tool calls, a refusal, sources, further choices),
    which only its events hold; None of runs that an earlier version recorded.
    `raw_pruned_at`: since then its bytes as they came are not kept any more, only what was read in them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="runs")
    lane = models.PositiveSmallIntegerField(default=0)
    model_id = models.CharField(max_length=200)
    messages = models.JSONField()
    status = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in RunStatus], default=RunStatus.QUEUED.value
    )
    epoch = models.CharField(max_length=16, default=new_epoch)
    retries = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retried_by")
    continues = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="continued_by")
    token = models.ForeignKey(
        ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    owner_process = models.CharField(max_length=32, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    stop_requested_at = models.DateTimeField(null=True, blank=True)

    last_seq = models.IntegerField(default=-1)
    text = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    has_other_parts = models.BooleanField(null=True)
    finish_reason = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    usage = models.JSONField(null=True, blank=True)
    metrics = models.JSONField(default=dict)
    ttft_ms = models.FloatField(null=True, blank=True)
    tokens_per_s = models.FloatField(null=True, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    has_notices = models.BooleanField(default=False)
    findings = models.JSONField(default=list)
    raw_pruned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["lane", "created_at"]
        indexes = [
            models.Index(fields=["model_id", "status"], name="run_by_model"),
            models.Index(fields=["status"], name="run_by_status"),
            models.Index(fields=["token", "created_at"], name="run_by_token"),
            models.Index(fields=["ttft_ms"], name="run_by_ttft"),
            models.Index(fields=["tokens_per_s"], name="run_by_rate"),
            models.Index(fields=["turn"], name="run_with_notices", condition=models.Q(has_notices=True)),
            models.Index(fields=["status"], name="run_noticed_by_status", condition=models.Q(has_notices=True)),
            models.Index(
                fields=["lease_expires_at"],
                name="run_live_lease",
                condition=models.Q(status__in=["queued", "streaming"]),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.id}"

    @property
    def is_final(self) -> bool:
        return RunStatus(self.status) in FINAL


class Segment(models.Model):
    """Consecutive events of one run, and the network reads that caused them, packed by `recording.segments`.

    `events` and `reads` are packed apart, so that raw bytes can be pruned first.
    `is_compact`: merged and compressed, after the run's end; then its reads are those that its events came from, and
    `reads_before` and `bytes_before` say how many stand in the segments before it (None in those of older versions).
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="segments")
    first_seq = models.IntegerField()
    last_seq = models.IntegerField()
    events = models.BinaryField()
    reads = models.BinaryField(default=bytes)
    is_compact = models.BooleanField(default=False)
    reads_before = models.IntegerField(null=True, blank=True)
    bytes_before = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["first_seq"]
        constraints = [models.UniqueConstraint(fields=["run", "first_seq"], name="segment_once_per_position")]
        indexes = [models.Index(fields=["run"], name="segment_to_compact", condition=models.Q(is_compact=False))]

    def __str__(self) -> str:
        return f"events {self.first_seq}–{self.last_seq} of {self.run_id}"


class IdempotencyKey(models.Model):
    """The run that an earlier request began, so that the same request does not begin another.

    Of the API and of the page's forms: to send, to retry and to continue."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]

    def __str__(self) -> str:
        return self.key


class DailyUsage(models.Model):
    """What a member used of a model on a day (of the server's time zone), added up as runs end.

    It outlives the sessions. `estimated_tokens` are counted in `completion_tokens` too: chunks, where a provider did
    not report its tokens.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="daily_usage")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    model_id = models.CharField(max_length=200)
    day = models.DateField()
    runs = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    estimated_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "daily usage"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "day", "member", "model_id"], name="usage_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.model_id} on {self.day}"
