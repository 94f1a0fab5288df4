import pytest
from pytest_django import Settings

from playground.connections.models import Connection
from playground.connections.secrets import Secrets, SecretsUnreadable, decrypt, encrypt, rotate
from tests.factories import make_connection

KEY = "canary-5f2d77a1c0"
SECRETS = Secrets(api_key=KEY, headers={"X-Team": "blue-" + KEY}, proxy=f"http://u:{KEY}@proxy.example:8080")


def test_what_goes_in_comes_out() -> None:
    token = encrypt(SECRETS)
    assert KEY.encode() not in token
    assert decrypt(token, "c") == SECRETS


def test_nothing_is_stored_for_nothing() -> None:
    assert encrypt(Secrets()) == b""
    assert decrypt(b"", "c") == Secrets()


def test_the_same_secret_is_never_stored_the_same() -> None:
    assert encrypt(SECRETS) != encrypt(SECRETS)


def test_an_old_key_still_reads_and_saving_moves_on(settings: Settings) -> None:
    old = settings.SECRET_KEY
    token = encrypt(SECRETS)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [old]
    assert decrypt(token, "c") == SECRETS
    rotated = rotate(token, "c")
    settings.SECRET_KEY_FALLBACKS = []
    assert decrypt(rotated, "c") == SECRETS
    with pytest.raises(SecretsUnreadable):
        decrypt(token, "c")


@pytest.mark.django_db
def test_saving_a_connection_encrypts_with_the_newest_key(settings: Settings) -> None:
    make_connection(name="upstream", api_key=KEY)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    Connection.objects.get().save(update_fields=["updated_at"])
    settings.SECRET_KEY_FALLBACKS = []
    assert Connection.objects.get().read_secrets().api_key == KEY


@pytest.mark.django_db
def test_a_lost_key_is_a_clear_error_and_overwrites_nothing(settings: Settings) -> None:
    connection = make_connection(name="upstream", api_key=KEY)
    settings.SECRET_KEY = "lost" * 20
    with pytest.raises(SecretsUnreadable, match="“upstream” cannot be read, because SECRET_KEY has changed"):
        connection.read_secrets()
    with pytest.raises(SecretsUnreadable):
        connection.save()


def test_nothing_secret_is_in_a_repr() -> None:
    assert KEY not in repr(SECRETS)
    assert KEY not in repr(SecretsUnreadable("c"))
