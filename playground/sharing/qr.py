"""A link as a QR code, for a page under our CSP: an SVG without a style attribute."""

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_svg(url: str, *, title: str = "") -> SafeString:
    """Black on white whatever the theme is, since cameras want it so; scales with its box."""
    code = segno.make(url, error="m", micro=False)
    svg = code.svg_inline(
        scale=1, border=3, dark="#000", light="#fff", omitsize=True, title=title or None, svgclass="qr", lineclass=None
    )
    return mark_safe(svg)  # noqa: S308  (segno escapes the title, and the rest is a drawing)
