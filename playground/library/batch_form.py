"""What a batch is started with: a table of values, as a file or as text, and models."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from playground.connections.catalogue import ModelInfo, resolve
from playground.errors import InvalidField
from playground.library.tables import MAX_BYTES, BadTable, decoded, read_table
from playground.library.variables import Variable, test_values
from playground.runs.turns import MAX_LANES
from playground.spreadsheets import write_table
from playground.workspaces.models import Workspace

_MOST_TYPED: Final = MAX_BYTES * 2


class ModelsField(forms.Field):
    """The model ids that were ticked."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(model.strip() for model in value or () if model.strip()))


class BatchForm(forms.Form):
    """`rows` is the checked table of a valid form. A file goes before the text, and comes back as text if wrong."""

    file = forms.FileField(
        label=_("CSV file"), required=False, widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"})
    )
    table = forms.CharField(
        label=_("Or the table itself"),
        required=False,
        strip=False,
        max_length=_MOST_TYPED,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "mono"}),
        help_text=_("The first line names the variables. An empty cell takes the default. At most 1,000 rows, 1 MiB."),
    )
    model = ModelsField(label=_("Models"), required=False)
    others = forms.CharField(
        label=_("Other models"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 1, "spellcheck": "false"}),
        help_text=_("One a line, as connection/model."),
    )

    def __init__(
        self,
        workspace: Workspace,
        variables: Sequence[Variable],
        models: Sequence[ModelInfo],
        data: Any = None,
        files: Any = None,
        *,
        model_ids: Sequence[str] = (),
    ) -> None:
        known = {model.id for model in models}
        initial = {
            "table": example(variables),
            "model": [model for model in model_ids if model in known],
            "others": "\n".join(model for model in model_ids if model not in known),
        }
        super().__init__(data, files, initial=initial, label_suffix="")
        self.models = models
        self.rows: list[dict[str, str]] = []
        self.model_ids: list[str] = []
        self._workspace = workspace
        self._variables = variables

    @property
    def chosen(self) -> list[str]:
        """The models that are ticked."""
        return self["model"].value() or []

    @property
    def table_text(self) -> str:
        """What stands in the text field: the file that was sent, if it could be read."""
        return getattr(self, "_file_text", None) or self["table"].value() or ""

    def clean(self) -> None:
        self._clean_models()
        field = "file" if self.cleaned_data.get("file") else "table"
        try:
            self.rows = read_table(self._text(), self._variables) if self._variables else [{}]
        except BadTable as error:
            self.add_error(field, list(error.problems))

    def _text(self) -> str:
        file: UploadedFile[Any] | None = self.cleaned_data.get("file")
        if file is None:
            return str(self.cleaned_data.get("table", ""))
        if (file.size or 0) > MAX_BYTES:
            raise BadTable(gettext("The table has more than 1 MiB. Split it into several batches."))
        self._file_text = decoded(file.read())
        return self._file_text

    def _clean_models(self) -> None:
        others = [line.strip() for line in self.cleaned_data.get("others", "").splitlines() if line.strip()]
        self.model_ids = list(dict.fromkeys([*self.cleaned_data.get("model", []), *others]))
        if not 1 <= len(self.model_ids) <= MAX_LANES:
            self.add_error("model", forms.ValidationError(_("Choose 1 to %(n)d models."), params={"n": MAX_LANES}))
        for model_id in others:
            try:
                resolve(self._workspace, model_id)
            except InvalidField as error:
                self.add_error("others", error.message)


def example(variables: Sequence[Variable]) -> str:
    """A table with the test values as its only row."""
    values = test_values(variables)
    return write_table([list(values), list(values.values())]).removeprefix("\ufeff") if values else ""
