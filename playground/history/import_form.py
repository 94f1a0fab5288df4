"""The form that a file of recordings comes with, and the words for what was found in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from playground.history.imports import MAX_BYTES, CannotImport, Kept, Wanted
from playground.interchange.formats import AUTO
from playground.providers.dialects import DIALECTS

_ACCEPTED: Final = ".json,.jsonl,.ndjson,.sse,.txt,.log,.zip,application/json,application/jsonl,application/zip"
FORMATS: Final[Mapping[str, str | Promise]] = {
    "stream": _("Recording (.stream.jsonl)"),
    "session": _("Session (JSON)"),
    "dump": _("Body of an answer (SSE or NDJSON)"),
    "langchain": _("LangChain events (JSON lines)"),
    "otlp": _("OpenTelemetry spans (OTLP JSON)"),
}


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("A recording in one of the formats below, or a zip of them. At most 50 MB."),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": _ACCEPTED}),
    )
    format = forms.ChoiceField(
        label=_("Format"), required=False, choices=[("", _("Tell it from the content")), *FORMATS.items()]
    )
    dialect = forms.ChoiceField(
        label=_("Dialect"),
        required=False,
        choices=[("", _("Tell it from the content")), *((name, name) for name in DIALECTS)],
        help_text=_("Only of the body of an answer: the wire format in which the model's server wrote it."),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(gettext("The file has more than 50 MB. Export fewer sessions at once."))
        return file

    def wanted(self) -> Wanted:
        return Wanted(self.cleaned_data["format"] or AUTO, self.cleaned_data["dialect"])

    def refuse(self, error: CannotImport) -> None:
        """Say what is wrong beside the file, or beside the choice that would help."""
        self.add_error("file", str(error))
        if error.is_unknown:
            self.add_error("dialect", gettext("Choose the format, or the dialect, and then the file again."))


def found_in_words(kept: Sequence[Kept]) -> str:
    """What was imported, with the formats that it was in."""
    words = ngettext("%(count)d session was imported.", "%(count)d sessions were imported.", len(kept))
    return " ".join([words % {"count": len(kept)}, *_formats_in_words(kept)])


def _formats_in_words(kept: Sequence[Kept]) -> list[str]:
    found = Counter((one.format_name, one.dialect) for one in kept)
    names = [f"{FORMATS[name]}, {dialect}" if dialect else str(FORMATS[name]) for name, dialect in found]
    return [gettext("Found: %(formats)s.") % {"formats": "; ".join(names)}]
