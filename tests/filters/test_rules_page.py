"""The list of rules and its forms, with and without HTMX."""

import pytest
from django.test import Client
from django.urls import reverse

from playground.filters.models import FilterRule
from playground.filters.presets import PRESETS
from playground.filters.rulesets import MAX_RULES, enabled_rules
from playground.workspaces.models import AuditEntry, Role, Workspace
from tests.factories import make_member
from tests.filters.factories import make_rule

pytestmark = pytest.mark.django_db
RULES, NEW = reverse("filters:rules"), reverse("filters:new")
TYPED = {"name": "Cats", "part": "text", "pattern": r"(?i)\bcat\b", "replacement": "dog", "is_enabled": "on"}
HTMX = {"HX-Request": "true"}


def names() -> list[str]:
    return list(FilterRule.objects.values_list("name", flat=True))


def told() -> list[tuple[str, str, object]]:
    entries = AuditEntry.objects.filter(action__startswith="filter.").order_by("pk")
    return [(entry.action, entry.subject, entry.details.get("changed")) for entry in entries]


def test_a_rule_is_made_changed_and_deleted(client: Client) -> None:
    client.post(NEW, TYPED)
    rule = FilterRule.objects.get()
    assert (rule.name, rule.pattern, rule.replacement, rule.is_enabled) == ("Cats", r"(?i)\bcat\b", "dog", True)

    client.post(reverse("filters:edit", args=[rule.pk]), {**TYPED, "pattern": "cats?"})
    client.post(reverse("filters:edit", args=[rule.pk]), {**TYPED, "pattern": "cats?"})  # nothing new: not noted
    client.post(reverse("filters:delete", args=[rule.pk]))
    assert names() == []
    assert told() == [
        ("filter.add", "Cats", None),
        ("filter.change", "Cats", ["pattern"]),
        ("filter.delete", "Cats", None),
    ]


def test_spaces_of_a_pattern_and_a_replacement_are_kept(client: Client) -> None:
    client.post(NEW, {**TYPED, "pattern": " cat ", "replacement": " "})
    rule = FilterRule.objects.get()
    assert (rule.pattern, rule.replacement) == (" cat ", " ")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("pattern", "", "This field is required."),
        ("pattern", "x*", "matches where there is nothing"),
        ("pattern", "a" * 1001, "at most 1000 characters"),
        ("pattern", "(?=a)b", "no lookahead"),
        ("pattern", r"(a)\1", "no backreferences"),
        ("pattern", "a{2000}", "too large"),
        ("pattern", "(a", "RE2 cannot read this pattern: missing ): (a."),
        ("replacement", r"\3", r"The pattern has no group for \3"),
        ("replacement", r"\w", r"\w means nothing here"),
        ("name", "", "This field is required."),
        ("part", "images", "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    client: Client, field: str, typed: str, said: str
) -> None:
    response = client.post(NEW, {**TYPED, field: typed})
    assert response.status_code == 422
    (error,) = response.context["form"].errors[field]
    assert said in error
    assert response.context["form"]["name"].value() == (typed if field == "name" else "Cats")
    assert not FilterRule.objects.exists()


def test_a_name_is_used_once(client: Client) -> None:
    make_rule(name="Cats")
    response = client.post(NEW, TYPED)
    assert response.status_code == 422
    assert "of that name already" in str(response.context["form"].errors["name"])


def test_there_is_a_most(client: Client) -> None:
    for _ in range(MAX_RULES):
        make_rule()
    response = client.post(NEW, TYPED)
    assert "delete one first" in str(response.context["form"].non_field_errors())


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_rules_are_moved(client: Client, headers: dict[str, str]) -> None:
    one, two, three = (make_rule(name=name) for name in ("one", "two", "three"))

    def move(rule: FilterRule, to: str) -> list[str]:
        response = client.post(reverse("filters:move", args=[rule.pk]), {"to": to}, headers=headers)
        assert response.status_code == (200 if headers else 302)
        return names()

    assert move(three, "up") == ["one", "three", "two"]
    assert move(one, "down") == ["three", "one", "two"]
    assert move(three, "up") == ["three", "one", "two"]
    assert move(two, "down") == ["three", "one", "two"]


def test_a_rule_is_turned_off_and_on(client: Client) -> None:
    rule = make_rule()
    workspace = Workspace.objects.default()
    assert enabled_rules(workspace.pk) is not None
    part = client.post(reverse("filters:enable", args=[rule.pk]), headers=HTMX)
    assert b"0 rules are enabled." in part.content
    assert b"<html" not in part.content
    assert enabled_rules(workspace.pk) is None
    client.post(reverse("filters:enable", args=[rule.pk]), {"enabled": "on"})
    assert enabled_rules(workspace.pk) is not None


def test_the_list_tells_how_much_is_held_back(client: Client) -> None:
    make_rule("cat")
    make_rule("a.*b")
    page = client.get(RULES).content.decode()
    assert "up to 3 characters" in page
    assert "up to 8000 characters" in page


def test_a_viewer_sees_the_rules_and_nothing_to_change_them() -> None:
    make_rule(name="Cats")
    viewer = Client()
    viewer.force_login(make_member(role=Role.VIEWER))
    page = viewer.get(RULES).content.decode()
    assert "Cats" in page
    assert NEW not in page
    assert "/move/" not in page


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_a_preset_fills_the_form(client: Client, preset: object) -> None:
    key = getattr(preset, "key", "")
    form = client.get(NEW, {"preset": key}).context["form"]
    saved = client.post(NEW, {name: form[name].value() or "" for name in form.fields})
    assert saved.status_code == 302
