"""The audience's link, as text and as a QR code."""

from typing import Final

import segno
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from playground.http import absolute
from playground.presenting.codes import code_of
from playground.presenting.models import Show

_QUIET: Final = 2
"""Modules of white around a code; four are asked for, and the page puts white around it too."""


def audience_url(request: HttpRequest, show: Show) -> str:
    """At the address that people outside reach, which may not be the presenter's own."""
    return absolute(request, reverse("presenting:watch", args=[code_of(show.pk)]))


def qr_code(url: str) -> SafeString:
    """An SVG without style attributes, dark on white in both themes."""
    svg = segno.make(url, error="m").svg_inline(
        omitsize=True, border=_QUIET, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(svg)  # noqa: S308  (drawn by the library; the text is not in it)
