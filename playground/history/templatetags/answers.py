"""A model's answer in any page's template."""

from django import template
from django.utils.safestring import SafeString

from playground.markdown import render_markdown

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """The text as sanitised HTML."""
    return render_markdown(text)
