"""The form that a file of exported sessions comes with."""

from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from playground.history.imports import MAX_BYTES

_ACCEPTED: Final = ".json,.zip,application/json,application/zip"


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("A session as JSON, or a zip of them, as History and Export give it. At most 50 MB."),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": _ACCEPTED}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(gettext("The file has more than 50 MB. Export fewer sessions at once."))
        return file
