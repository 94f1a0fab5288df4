"""A link with a password opens for who knows it, in that browser, and guessing is slowed down."""

import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.accounts.throttle import LIMIT
from playground.runs.models import Run, Session
from playground.sharing import links
from playground.sharing.contents import Contents
from playground.sharing.grants import resolve
from playground.sharing.links import LinkDraft, make_pass, share_session
from playground.sharing.models import ShareLink
from tests.history.conftest import HTMX
from tests.sharing.canaries import ANSWER, make_canary_session

PASSWORD = "open sesame"


@pytest.fixture
def session(owner: User) -> Session:
    return make_canary_session(owner)


@pytest.fixture
def token(owner: User, session: Session) -> str:
    return share_session(owner, session, LinkDraft(Contents(), password=PASSWORD))[1]


def test_the_page_asks_for_the_password_and_shows_nothing_before(token: str, session: Session) -> None:
    reader, run = Client(), Run.objects.get(turn__session=session)
    response = reader.get(reverse("sharing:page", args=[token]))
    assert response.status_code == 200
    assert ANSWER not in response.content.decode()
    assert "data-share" not in response.content.decode()
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Robots-Tag"].startswith("noindex")
    part = reader.get(reverse("sharing:run-view", args=[token, run.pk, "answer"]), headers=HTMX)
    assert (part.status_code, part.content) == (403, b"")
    recording = reader.get(reverse("sharing:recording", args=[token, run.turn_id]))
    assert (recording.status_code, recording.content) == (403, b"")
    assert "Sparkling" not in reader.get(reverse("sharing:recording", args=[token, run.turn_id])).content.decode()
    assert ShareLink.objects.get().opened_count == 0


def test_the_right_password_opens_it_in_this_browser(token: str) -> None:
    reader = Client(enforce_csrf_checks=True)
    reader.get(reverse("sharing:page", args=[token]))
    form = {"password": PASSWORD, "csrfmiddlewaretoken": reader.cookies["csrftoken"].value}
    response = reader.post(reverse("sharing:unlock", args=[token]), form, follow=True)
    assert ANSWER in response.content.decode()
    assert PASSWORD not in str(reader.cookies)
    assert reader.cookies["share-key"]["path"] == reverse("sharing:page", args=[token])
    assert ANSWER not in Client().get(reverse("sharing:page", args=[token])).content.decode()


def test_a_wrong_password_is_told_at_its_field_and_guessing_is_slowed_down(token: str) -> None:
    reader, url = Client(), reverse("sharing:unlock", args=[token])
    for _ in range(LIMIT):
        response = reader.post(url, {"password": "guess"})
        assert response.status_code == 422
        assert 'aria-invalid="true"' in response.content.decode()
    response = reader.post(url, {"password": PASSWORD})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert ANSWER not in reader.get(reverse("sharing:page", args=[token])).content.decode()


def test_another_links_key_does_not_open_it(owner: User, session: Session, token: str) -> None:
    other, _other_token = share_session(owner, session, LinkDraft(Contents(), password=PASSWORD))
    reader = Client()
    reader.cookies["share-key"] = links.key_of(other)
    assert ANSWER not in reader.get(reverse("sharing:page", args=[token])).content.decode()


def test_the_socket_wants_the_pass_of_an_opened_page(owner: User, session: Session, token: str) -> None:
    link = ShareLink.objects.get()
    assert resolve(token) is None
    assert resolve(f"{link.pk}:forged:pass") is None
    grant = resolve(make_pass(link))
    assert grant is not None
    assert grant.holds()
    links.revoke(owner, link)
    assert not grant.holds()
    assert resolve(make_pass(link)) is None


def test_the_password_is_kept_as_a_hash_and_the_token_as_a_digest(token: str) -> None:
    row = str(ShareLink.objects.values().get())
    assert PASSWORD not in row
    assert token not in row
