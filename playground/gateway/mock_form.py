"""What the page of a mock asks: how the recording is to be served."""

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.mock.errors import BadOption
from playground.mock.options import AS_RECORDED, MOST_LOOPS, parse_fault, with_options

_SPEEDS: Final = (
    ("0.25", "¼ ×"),
    ("0.5", "½ ×"),
    ("1", gettext_lazy("as recorded")),
    ("2", "2 ×"),
    ("4", "4 ×"),
    ("8", "8 ×"),
    ("0", gettext_lazy("as fast as can be")),
)
_FAULTS: Final = (
    ("", gettext_lazy("none")),
    ("cut", gettext_lazy("the connection breaks off before a chunk")),
    ("stall", gettext_lazy("nothing comes for some seconds before a chunk")),
    ("error", gettext_lazy("an error comes instead of a chunk")),
    ("double", gettext_lazy("a chunk comes twice")),
    ("split", gettext_lazy("a character comes in two halves")),
    ("no-end", gettext_lazy("the end marker is missing")),
    ("crlf", gettext_lazy("lines end in CR LF")),
    ("429", gettext_lazy("too many requests: try again in some seconds")),
    ("fail", gettext_lazy("the first attempts fail")),
)
_AT_CHUNK: Final = frozenset({"cut", "stall", "error", "double", "split"})
_WITH_AMOUNT: Final = {"stall": "5", "429": "1", "fail": "2"}  # and what stands for a field left empty
# What the amount is called and is good for, by the fault. The page shows its field for these alone, and the chunk's for
# _AT_CHUNK: mock.css does, so that it needs no scripts.
_AMOUNTS: Final = {
    "stall": (gettext_lazy("Seconds of nothing"), gettext_lazy("5 if left empty.")),
    "429": (gettext_lazy("Seconds to wait"), gettext_lazy("What Retry-After says: whole seconds, 1 if left empty.")),
    "fail": (gettext_lazy("Attempts that fail"), gettext_lazy("2 if left empty.")),
}


class MockForm(forms.Form):
    """`chunks`: how many the recording has. What the fields say is `wish`, once it is valid."""

    speed = forms.ChoiceField(label=gettext_lazy("Speed"), choices=_SPEEDS, initial="1", required=False)
    seek = forms.CharField(
        label=gettext_lazy("Begin at"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Seconds, or #K for chunk K. What lies before comes at once."),
    )
    loop = forms.IntegerField(
        label=gettext_lazy("Times"),
        required=False,
        min_value=1,
        max_value=MOST_LOOPS,
        help_text=gettext_lazy("How often the chunks come."),
    )
    fault = forms.ChoiceField(label=gettext_lazy("What goes wrong"), choices=_FAULTS, required=False)
    chunk = forms.IntegerField(label=gettext_lazy("At chunk"), required=False, min_value=0)
    amount = forms.DecimalField(
        label=gettext_lazy("Seconds or attempts"),
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=3,
        help_text=gettext_lazy("Seconds of nothing, seconds to wait before the next try, or how many attempts fail."),
    )

    def __init__(self, *args: Any, chunks: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chunks = chunks
        self.fields["chunk"].help_text = _("From 0 to %(last)s.") % {"last": max(0, chunks - 1)}
        fault, amount = self.data.get("fault", ""), self.fields["amount"]
        amount.label, amount.help_text = _AMOUNTS.get(fault, (amount.label, amount.help_text))

    def clean_seek(self) -> str:
        seek: str = self.cleaned_data["seek"].strip()
        try:
            with_options(AS_RECORDED, {"seek": seek} if seek else {})
        except BadOption:
            raise forms.ValidationError(_("Write seconds, or #K for chunk K.")) from None
        if seek.startswith("#") and int(seek[1:]) >= self._chunks:
            raise forms.ValidationError(self._beyond())
        return seek

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        word, chunk = data.get("fault", ""), data.get("chunk")
        for name, words in (("chunk", _AT_CHUNK), ("amount", _WITH_AMOUNT)):
            if word not in words and name in self.errors:  # not shown for this fault, and not used
                del self.errors[name]
                data[name] = None
        if word in _AT_CHUNK and chunk is not None and chunk >= self._chunks:
            self.add_error("chunk", self._beyond())
        if word and not self.errors:
            try:
                parse_fault(_written(data))
            except BadOption:
                self.add_error("amount", _("Write a whole number, or seconds of at most a day."))
        return data

    def _beyond(self) -> str:
        return _("The recording has %(count)s chunks, counted from 0.") % {"count": self._chunks}

    @property
    def wish(self) -> dict[str, Any]:
        """As the field `playground` of a request says it."""
        if not self.is_valid():
            return {}
        data = self.cleaned_data
        found: dict[str, Any] = {}
        if data["speed"] not in ("", "1"):
            found["speed"] = float(data["speed"]) if "." in data["speed"] else int(data["speed"])
        if data["seek"]:
            found["seek"] = data["seek"]
        if data["loop"] not in (None, 1):
            found["loop"] = data["loop"]
        if data["fault"]:
            found["faults"] = [_written(data)]
        return found


def _written(data: Mapping[str, Any]) -> str:
    """The fault that the fields name, as `parse_fault` reads it."""
    word: str = data["fault"]
    amount = data["amount"]
    written = word + (f"@{data['chunk'] or 0}" if word in _AT_CHUNK else "")
    if word in _WITH_AMOUNT:
        written += f":{amount.normalize():f}" if amount is not None else f":{_WITH_AMOUNT[word]}"
    return written


def code_of(model: str, base_url: str, wish: dict[str, Any]) -> list[tuple[str, str]]:
    """The commands and the program that ask for the recording, each with its heading."""
    body = {"model": model, "stream": True, **({"playground": wish} if wish else {})}
    curl = (
        f"curl -N {shlex.quote(base_url + '/chat/completions')} \\\n"
        '  -H "Authorization: Bearer $PLAYGROUND_API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(json.dumps(body, indent=2))}"
    )
    extra = f"    extra_body={{'playground': {wish!r}}},\n" if wish else ""
    python = (
        "import os\n\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{base_url}", api_key=os.environ["PLAYGROUND_API_KEY"])\n'
        "stream = client.chat.completions.create(\n"
        f'    model="{model}",\n'
        '    messages=[{"role": "user", "content": "again"}],\n'
        "    stream=True,\n"
        f"{extra})\n"
        "for chunk in stream:\n"
        "    if chunk.choices:\n"
        '        print(chunk.choices[0].delta.content or "", end="|", flush=True)'
    )
    options = [f"--{name} {shlex.quote(str(wish[name]))}" for name in ("speed", "seek", "loop") if name in wish]
    options += [f"--fault {shlex.quote(fault)}" for fault in wish.get("faults", ())]
    run = model.partition("/")[2]
    command = " ".join([".venv/bin/python manage.py mock --run", run, *options, "--port 9000"])
    return [
        (_("From a shell"), curl),
        (_("From Python, with the openai package"), python),
        (_("Without this server: a mock on a port of its own"), command),
    ]
