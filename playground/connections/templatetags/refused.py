"""What a page says of a form that was refused, before its fields."""

from typing import Any

from django import forms, template

register = template.Library()


@register.inclusion_tag("_refused.html")
def refused_fields(form: forms.Form) -> dict[str, Any]:
    """Links to the fields that were refused, in the form's order; the first gets the focus.

    It stands before the fields: the focus is an attribute that they are written with.
    """
    fields = [field for field in form.visible_fields() if field.errors]
    if fields:
        fields[0].field.widget.attrs["autofocus"] = True
    return {"fields": fields}
