"""The rows of the list of sessions: thirty on a page, so those of one form are rendered once, and then filled in."""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Final
from uuid import UUID

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from playground.history.queries import Row

register = template.Library()

# Places that are filled in for each row.
_ID: Final = UUID("00000000-0000-7000-8000-706c61636521")
_PLACE: Final = re.compile("\ue000[a-z]+[0-9]*\ue000|" + str(_ID))

_MOST: Final = 1_000  # of about 2 KB
_rendered: dict[tuple[str, object, str | None], str] = {}


@register.simple_tag(takes_context=True)
def list_row(context: Context, row: Row) -> SafeString:
    """A row. All of one form differ in their texts, which are filled in."""
    form = (
        *(len(row.models), len(row.badges), len(row.tags), bool(row.snippet)),
        *(row.status, row.is_shared, row.is_linked, row.session.origin, row.session.pinned),
        row.session.owner_id == context["user"].pk,
    )
    html = _once(context, "history/_row.html", form, lambda: {"row": _standing_in(row)})
    texts = {**_texts_of(row), _place("csrf"): conditional_escape(context["csrf_token"])}
    return mark_safe(_PLACE.sub(lambda place: texts[place[0]], html))  # noqa: S308  (by a template, texts are escaped)


@register.simple_tag(takes_context=True)
def row_dot(context: Context, row: Row) -> SafeString:
    """The state of a session's last turn: all that are in the same one have the same dot."""
    return mark_safe(_once(context, "history/_dot.html", row.status, lambda: {"row": row}))  # noqa: S308  (by a template)


@register.simple_tag
def row_time(row: Row) -> str:
    """When the session was last active."""
    return _place("time") if row.session.pk == _ID else _time_of(row)


def _once(context: Context, name: str, kind: object, values: Callable[[], dict[str, object]]) -> str:
    """A template, rendered for the first row of a kind that anybody sees. Of a person it may hold places alone."""
    key = (name, kind, get_language())
    html = _rendered.get(key)
    if html is None:
        html = render_to_string(name, {**values(), "csrf_token": _place("csrf")}, context["request"])
        if len(_rendered) >= _MOST:
            _rendered.clear()
        if not settings.DEBUG:  # where templates are being written
            _rendered[key] = html
    return html


def _standing_in(row: Row) -> Row:
    """The row with a place for each of its texts."""
    session = copy(row.session)
    session.pk, session.owner = _ID, copy(row.session.owner)
    session.owner.username = _place("owner")
    return replace(
        row,
        session=session,
        title=_place("title"),
        title_html=mark_safe(_place("html")),  # noqa: S308  (a constant)
        address=_place("address"),
        models=[_place("model", number) for number in range(len(row.models))],
        snippet=_place("snippet") if row.snippet else "",
        badges=[
            badge._replace(words=_place("badge", number), cause=_place("cause", number))
            for number, badge in enumerate(row.badges)
        ],
        tags=[_place("tag", number) for number in range(len(row.tags))],
    )


def _texts_of(row: Row) -> dict[str, str]:
    """What stands in the places, as HTML."""
    texts: dict[str, str] = {
        str(_ID): str(row.session.pk),
        _place("title"): row.title,
        _place("html"): row.title_html,
        _place("address"): row.address,
        _place("time"): _time_of(row),
        _place("owner"): row.session.owner.username,
        _place("snippet"): row.snippet,
    }
    for name, values in (
        ("model", row.models),
        ("badge", [badge.words for badge in row.badges]),
        ("cause", [badge.cause for badge in row.badges]),
        ("tag", row.tags),
    ):
        texts.update((_place(name, number), value) for number, value in enumerate(values))
    return {place: conditional_escape(text) for place, text in texts.items()}


def _time_of(row: Row) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        row.updated_at.isoformat(),
        date_format(row.updated_at, "DATETIME_FORMAT"),
        date_format(row.updated_at, "TIME_FORMAT" if row.is_today else "DATE_FORMAT"),
    )


def _place(name: str, number: int | str = "") -> str:
    return f"\ue000{name}{number}\ue000"
