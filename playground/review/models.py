from django.conf import settings
from django.db import models

from playground.runs.models import Run, Session, Turn, new_id
from playground.workspaces.models import Workspace


class Anchor(models.TextChoices):
    """What a thread is pinned to."""

    SESSION = "session"
    TURN = "turn"
    RUN = "run"
    TEXT = "text"
    CHUNK = "chunk"
    MOMENT = "moment"


class Thread(models.Model):
    """Comments on one thing.

    `turn` and `run` are set as `anchor` needs them. TEXT: `start` and `end` are code points of the run's answer,
    `quote` what stood there; CHUNK: `seq` of its event; MOMENT: `t` in µs since the run began.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="threads")
    turn = models.ForeignKey(Turn, null=True, blank=True, on_delete=models.CASCADE, related_name="threads")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="threads")
    anchor = models.CharField(max_length=10, choices=Anchor.choices)
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    quote = models.TextField(blank=True)
    seq = models.PositiveIntegerField(null=True, blank=True)
    t = models.PositiveBigIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"thread on {self.anchor} of {self.session_id}"


class Comment(models.Model):
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"comment of {self.author}"


class Mention(models.Model):
    """A member who was named in a comment, and whether they have seen it."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="mention_once_per_comment")]

    def __str__(self) -> str:
        return f"{self.user} in comment {self.comment_id}"


class RatingScale(models.Model):
    """A workspace's own scale from 1 to 5, such as "accuracy". Thumbs need none."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="rating_scales")
    name = models.CharField(max_length=60)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="scale_name_once_per_workspace")]

    def __str__(self) -> str:
        return self.name


class Rating(models.Model):
    """One person's opinion of a run: -1 or 1 without a scale, 1-5 on one."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    scale = models.ForeignKey(RatingScale, null=True, blank=True, on_delete=models.CASCADE, related_name="ratings")
    value = models.SmallIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "user"], condition=models.Q(scale=None), name="thumb_once_per_person"
            ),
            models.UniqueConstraint(fields=["run", "user", "scale"], name="rating_once_per_person_and_scale"),
        ]

    def __str__(self) -> str:
        return f"{self.value} for {self.run_id}"


class Tag(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="tag_name_once_per_workspace")]

    def __str__(self) -> str:
        return self.name


class SessionTag(models.Model):
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="session_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="session_tags")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "tag"], name="tag_once_per_session")]

    def __str__(self) -> str:
        return f"{self.tag} on {self.session_id}"


class Review(models.Model):
    """A session's place in the review queue. `reviewed_at` None: it waits; what changed later is what came since."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="review")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"review of {self.session_id}"


class SavedFilter(models.Model):
    """A list of sessions by name: the query string of its URL."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="saved_filters")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    is_shared = models.BooleanField(default=False)
    name = models.CharField(max_length=80)
    query = models.TextField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Redaction(models.Model):
    """A span of text that nobody sees who comes by a link. `start` and `end` are code points of `part`."""

    class Part(models.TextChoices):
        PROMPT = "prompt"
        SYSTEM = "system"
        ANSWER = "answer"
        REASONING = "reasoning"

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="redactions")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.CASCADE, related_name="redactions")
    part = models.CharField(max_length=10, choices=Part.choices)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["start"]

    def __str__(self) -> str:
        return f"{self.start}–{self.end} of the {self.part}"
