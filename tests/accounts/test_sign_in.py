import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db

URL = "/sign-in/"


def test_a_password_signs_in(client: Client) -> None:
    user = make_member(username="ada")
    response = client.post(URL, {"username": "ada", "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_wrong_password_is_told_and_the_name_is_kept(client: Client) -> None:
    make_user("ada")
    response = client.post(URL, {"username": "ada", "password": "wrong"})
    assert response.status_code == 422
    assert "Please enter a correct username and password" in response.content.decode()
    assert 'value="ada"' in response.content.decode()
    assert "wrong" not in response.content.decode()


def test_an_inactive_user_cannot_sign_in(client: Client) -> None:
    make_user("ada", is_active=False)
    assert client.post(URL, {"username": "ada", "password": PASSWORD}).status_code == 422


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/connections/", "/connections/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_stays_on_this_site(client: Client, target: str, leads_to: str) -> None:
    make_member(username="ada")
    response = client.post(URL, {"username": "ada", "password": PASSWORD, "next": target})
    assert response["Location"] == leads_to


def test_next_survives_the_form(client: Client) -> None:
    response = client.get(URL, {"next": "/connections/"})
    assert '<input type="hidden" name="next" value="/connections/">' in response.content.decode()


def test_a_signed_in_user_is_sent_on(client: Client) -> None:
    client.force_login(make_member())
    assert client.get(URL)["Location"] == "/"


def test_sign_out_needs_a_post(client: Client) -> None:
    client.force_login(make_member())
    assert client.get(reverse("accounts:sign-out")).status_code == 405
    assert client.post(reverse("accounts:sign-out"))["Location"] == URL
    assert "_auth_user_id" not in client.session


def test_the_form_is_protected_against_forgery() -> None:
    make_user("ada")
    response = Client(enforce_csrf_checks=True).post(URL, {"username": "ada", "password": PASSWORD})
    assert response.status_code == 403
    assert "This page was open too long" in response.content.decode()


def test_the_admin_signs_in_on_our_page(client: Client) -> None:
    """Its own page has no limit on guesses."""
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/sign-in/?next=/admin/"
    assert client.post("/admin/login/", {"username": "ada", "password": "x"})["Location"] == "/sign-in/?next=/admin/"


def test_the_admin_does_not_exist_for_who_is_no_operator(client: Client) -> None:
    client.force_login(make_member())
    assert client.get("/admin/", follow=True).status_code == 404
