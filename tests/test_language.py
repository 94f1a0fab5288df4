"""Which language a person reads, and that programs read one."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from playground.connections.problems import PART_SENTENCES, explain
from playground.prompts.forms import TurnForm
from tests.factories import make_member, make_token
from tests.runs.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db

NOBODYS = "01990000-0000-7000-8000-000000000000"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A request of the test client leaves its language behind; the next test begins as each request does."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_member(username="owner"))
    return client


@pytest.mark.parametrize(
    ("accepted", "lang", "heading"),
    [
        ("", "en", "New session"),
        ("en-GB", "en", "New session"),
        ("de", "en", "New session"),
        ("zh-CN", "zh-hans", "新建会话"),
        ("zh-Hans-SG,en;q=0.5", "zh-hans", "新建会话"),
        ("zh-TW", "zh-hans", "新建会话"),
        ("fr,zh;q=0.8", "zh-hans", "新建会话"),
    ],
)
def test_the_browser_says_which_language(client: Client, accepted: str, lang: str, heading: str) -> None:
    response = client.get("/", headers={"Accept-Language": accepted})
    assert f'<html lang="{lang}"' in response.text
    assert heading in response.text
    assert response["Content-Language"] == lang
    assert "Accept-Language" in response["Vary"]


def test_the_choice_of_the_menu_wins_and_lasts(client: Client) -> None:
    response = client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/account/"}, headers={"referer": "/"})
    assert response["Location"] == "/account/"
    cookie = response.cookies["language"]
    assert int(cookie["max-age"]) >= 180 * 24 * 3600
    assert cookie["httponly"]
    assert "修改密码" in client.get("/account/", headers={"Accept-Language": "en"}).text
    client.post("/i18n/setlang/", {"language": "en"})
    assert "Change your password" in client.get("/account/", headers=CHINESE).text


def test_who_is_not_signed_in_has_the_menu_too() -> None:
    page = Client().get("/sign-in/", headers=CHINESE).text
    assert "<h1>登录</h1>" in page
    assert 'value="en"' in page


@pytest.mark.parametrize(
    ("path", "words"),
    [("/nothing/", "页面不存在"), ("/sign-in/link/spent/", "链接已失效"), ("/connections/add/", "请联系所有者")],
)
def test_pages_about_errors_are_translated(client: Client, path: str, words: str) -> None:
    response = client.get(path, headers=CHINESE)
    assert response.status_code in {403, 404}
    assert words in response.text
    assert "Not found" not in response.text


def test_refusals_of_the_engine_and_of_the_form_are_translated(client: Client) -> None:
    fields = {"prompt": "Hi", "model": "nothing/here", "temperature": "9"}
    page = client.post("/turns/", fields, headers=CHINESE).text
    assert "请输入 0 到 2 之间的数。" in page
    page = client.post("/turns/", {**fields, "temperature": ""}, headers=CHINESE).text
    assert "这里没有模型“nothing/here”。" in page


def test_a_form_is_in_the_language_of_its_request() -> None:
    for language, words in (("zh-hans", "请输入 0 到 1 之间的数。"), ("en", "Enter a number from 0 to 1.")):
        with translation.override(language):
            assert TurnForm({"top_p": "2"}).errors["top_p"] == [words]


class TestRecordedErrors:
    recorded = "The provider's rate limit is reached (HTTP 429) and says “slow down”: wait a little and try again."

    def test_stay_as_they_are_in_english(self) -> None:
        assert explain("rate_limited", self.recorded) == self.recorded
        assert explain("", "") == ""

    def test_are_explained_in_another_language_and_kept(self) -> None:
        with translation.override("zh-hans"):
            assert explain("rate_limited", self.recorded) == f"已达到服务商的速率限制：请稍后重试。\n{self.recorded}"
            assert explain("from_tomorrow", self.recorded) == self.recorded
            assert explain("", "") == ""

    @pytest.mark.parametrize(
        ("code", "timer"),
        [
            ("connect_timeout", "连接超时"),
            ("first_chunk_timeout", "首个数据块超时"),
            ("between_chunks_timeout", "数据块间隔超时"),
            ("total_timeout", "完整回答超时"),
        ],
    )
    def test_name_the_timer(self, code: str, timer: str) -> None:
        with translation.override("zh-hans"):
            assert timer in explain(code, self.recorded)
            assert timer in explain(code, self.recorded, has_part=True)

    @pytest.mark.parametrize("code", PART_SENTENCES)
    def test_offer_to_continue_only_what_began(self, code: str) -> None:
        with translation.override("zh-hans"):
            assert "续写" not in explain(code, "")
            assert "续写" in explain(code, "", has_part=True)

    def test_are_explained_in_the_lane_and_on_the_page_of_the_run(self, client: Client) -> None:
        user = make_member(username="other")
        client.force_login(user)
        run = make_run(
            make_turn(make_session(user)), status="failed", error_code="rate_limited", error_message="Slow down."
        )
        session = client.get(run.turn.session.get_absolute_url(), headers=CHINESE).text
        assert "已达到服务商的速率限制：请稍后重试。\nSlow down.</p>" in session
        assert '<span data-key="error.overloaded">服务商过载' in session
        assert "速率限制：请稍后重试。<br>Slow down." in client.get(f"/runs/{run.pk}/", headers=CHINESE).text
        assert 'data-key="error.' not in client.get(run.turn.session.get_absolute_url()).text


class TestPrograms:
    @pytest.fixture
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {make_token(make_member(username='program'))}"}

    @pytest.mark.parametrize(
        "body",
        [
            {"model": "nothing/here", "prompt": "Hi"},
            {"model": "sim", "prompt": "Hi"},
            {"model": "sim/sim-n5", "prompt": " "},
            {"model": "sim/sim-n5", "prompt": "Hi", "params": {"temperature": 9}},
        ],
    )
    def test_read_english_errors_whatever_they_accept(
        self, client: Client, bearer: dict[str, str], body: dict[str, object]
    ) -> None:
        headers = {**bearer, **CHINESE}
        response = client.post("/api/v1/runs", body, content_type="application/json", headers=headers)
        assert response.json()["error"]["message"]
        assert is_english(response.text)
        assert response["Content-Language"] == "en"

    @pytest.mark.parametrize("path", ["models", "sessions?status=nothing", f"runs/{NOBODYS}", "sessions?cursor=x"])
    def test_read_english_names_and_refusals(self, client: Client, bearer: dict[str, str], path: str) -> None:
        client.cookies["language"] = "zh-hans"
        assert is_english(client.get(f"/api/v1/{path}", headers={**bearer, **CHINESE}).text)

    def test_leave_the_pages_as_they_are(self, client: Client, bearer: dict[str, str]) -> None:
        client.get("/api/v1/models", headers=bearer)
        assert "新建会话" in client.get("/", headers=CHINESE).text


def is_english(text: str) -> bool:
    return not any("\u3000" <= character <= "\u9fff" for character in text)
