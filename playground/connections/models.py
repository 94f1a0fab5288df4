from collections.abc import Iterable

from django.db import models
from django.db.models.base import ModelBase

from playground.connections.secrets import Secrets, decrypt, encrypt, rotate
from playground.workspaces.models import Workspace


class Connection(models.Model):
    """How the models of one provider are reached.

    `secrets_encrypted` holds the API key, the extra headers and the proxy URL, each of which can carry a credential.
    `prices`: by model name ("*" for any other), {"input", "output"} in US dollars per million tokens.
    `continues_by`: how its models are asked to go on from a part of an answer, a name of `providers.continuation.WAYS`;
    "" is the dialect's way.
    The built-in connections `local` (embedded model) and `sim` (simulator) have no row: see `builtin.py`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="connections")
    name = models.SlugField(max_length=60)
    dialect = models.CharField(max_length=40)
    base_url = models.CharField(max_length=500)
    secrets_encrypted = models.BinaryField(default=bytes, editable=False)
    model_names = models.JSONField(default=list, blank=True)
    supports_streaming = models.BooleanField(default=True)
    allow_private = models.BooleanField(default=False)
    timeouts = models.JSONField(default=dict, blank=True)
    retry = models.JSONField(default=dict, blank=True)
    prices = models.JSONField(default=dict, blank=True)
    continues_by = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="connection_name_once_per_workspace")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(
        self,
        *,
        force_insert: bool | tuple[ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Encrypts the secrets again with the newest key. Raises SecretsUnreadable where no key fits."""
        self.secrets_encrypted = rotate(bytes(self.secrets_encrypted), self.name)
        if update_fields is not None:
            update_fields = {*update_fields, "secrets_encrypted"}
        super().save(force_insert=force_insert, force_update=force_update, using=using, update_fields=update_fields)

    def read_secrets(self) -> Secrets:
        """Raises SecretsUnreadable."""
        return decrypt(bytes(self.secrets_encrypted), self.name)

    def set_secrets(self, secrets: Secrets) -> None:
        self.secrets_encrypted = encrypt(secrets)


class Measurement(models.Model):
    """What was measured last of a model of a connection, a built-in one too; `results` is a `measuring.Measured`.

    The connection is named, not referenced: the built-in ones have no row. Deleting a connection deletes these.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="measurements")
    connection = models.CharField(max_length=60)
    model = models.CharField(max_length=200)
    measured_at = models.DateTimeField()
    results = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "connection", "model"], name="measurement_once_per_model")
        ]
        ordering = ["connection", "model"]

    def __str__(self) -> str:
        return f"{self.connection}/{self.model}"
