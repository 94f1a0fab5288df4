"""The form of a connection. What is stored and secret never comes out: a blank field keeps it.

What was typed into a form that is refused stands in it again, so that it is not lost unnoticed: the views let no one
store such a page.
"""

from typing import Any, Final

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from playground.connections import builtin, parse
from playground.connections.models import Connection
from playground.connections.policy_form import RETRY, TIMEOUTS, PolicyForm, policy_of
from playground.connections.runnables import Offered, usable
from playground.connections.secrets import Secrets, SecretsUnreadable
from playground.providers.dialects import DIALECTS
from playground.providers.runnables import DIALECT as RUNNABLES
from playground.workspaces.models import Workspace

_HIDDEN: Final = ("api_key", "headers", "proxy")
# As the page has them.
_ORDER: Final = [
    *("name", "dialect", "runnable", "given", "base_url", "allow_private", "api_key", "forget_api_key"),
    *("models", "supports_streaming", "continues_by", "prices"),
    *("headers", "forget_headers", "proxy", "forget_proxy"),
    *(*TIMEOUTS, *RETRY),
]


class ConnectionForm(PolicyForm):
    """`connection` is the one to edit; None for a new one. `save` after `is_valid`."""

    field_order = _ORDER

    name = forms.SlugField(
        label=_("Name"),
        max_length=60,
        help_text=_("Model ids begin with it: NAME/MODEL. Letters, digits, - and _."),
        error_messages={"invalid": _("Write letters, digits, - and _ only.")},
    )
    dialect = forms.ChoiceField(
        label=_("Dialect"),
        choices=[*((name, f"{spoken.label} — {name}") for name, spoken in DIALECTS.items()), (RUNNABLES, "LangChain")],
    )
    base_url = forms.CharField(
        label=_("Base URL"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"list": "base-urls", "inputmode": "url", "spellcheck": "false"}),
        help_text=_("With its /v1, such as https://api.example.com/v1; the list has an address for each dialect."),
    )
    runnable = forms.CharField(
        label=_("Runnable"),
        required=False,
        widget=forms.Select,
        help_text=_("A LangChain model, chain or agent, of those that PLAYGROUND_RUNNABLES allows."),
    )
    given = forms.ChoiceField(
        label=_("It is given"),
        required=False,
        choices=[
            ("", _("what its input schema says")),
            ("messages", _("a list of messages")),
            ("messages-key", _("an object with the messages")),
            ("text", _("the prompt as text")),
            ("input-key", _("an object with the prompt")),
        ],
    )
    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        max_length=4000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )
    forget_api_key = forms.BooleanField(label=_("Forget the stored key"), required=False)
    headers = forms.CharField(
        label=_("Extra headers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        validators=[MaxLengthValidator(8000)],
    )
    forget_headers = forms.BooleanField(label=_("Forget the stored headers"), required=False)
    proxy = forms.CharField(label=_("Proxy URL"), required=False, max_length=500)
    forget_proxy = forms.BooleanField(label=_("Forget the stored proxy"), required=False)
    models = forms.CharField(
        label=_("Models"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line. Left empty, any model name may be asked for, and none is offered."),
    )
    prices = forms.CharField(
        label=_("Prices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("For the usage page. One a line: MODEL INPUT OUTPUT, in US dollars per million tokens; * is any."),
    )
    supports_streaming = forms.BooleanField(label=_("Can stream"), required=False, initial=True)
    allow_private = forms.BooleanField(
        label=_("May be at a private address (this machine, your network)"), required=False
    )
    continues_by = forms.ChoiceField(
        label=_("Continue an answer"),
        required=False,
        choices=[
            ("", _("as its dialect does")),
            (
                "prefill",
                _("the model writes on after its own last message (llama.cpp, SGLang, older Claude)"),
            ),
            ("prefill-vllm", _("the same, with continue_final_message (vLLM)")),
            ("prefill-prefix", _("the same, with a prefix mark (Mistral, DeepSeek)")),
            ("instruction", _("a message asks it to go on (OpenAI, Gemini, Claude, any chat)")),
        ],
        help_text=_("What Continue sends when an answer was cut off, stopped, or reached its limit of tokens."),
    )

    def __init__(self, workspace: Workspace, connection: Connection | None = None, data: Any = None) -> None:
        super().__init__(data, initial=_initial(connection) if connection else None)
        self.workspace = workspace
        self.connection = connection
        self._offer_runnables()
        self.unreadable = ""
        self.stored = self._read_stored()
        self.fields["headers"].help_text = _stored_help(
            ", ".join(self.stored.headers), _("One a line, such as X-Team: blue.")
        )
        self.fields["api_key"].help_text = _stored_help(_("a key") if self.stored.api_key else "", "")
        self.fields["proxy"].help_text = _stored_help(parse.without_credentials(self.stored.proxy), "")
        for name in _HIDDEN:
            if not getattr(self.stored, name) and not self.unreadable:
                del self.fields[f"forget_{name}"]

    def _offer_runnables(self) -> None:
        self.fields["runnable"].widget.choices = Offered()

    @property
    def base_urls(self) -> list[tuple[str, str]]:
        """A base URL for each dialect, and whose it is."""
        return [(spoken.example, spoken.label) for spoken in DIALECTS.values()]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name in builtin.NAMES:
            raise forms.ValidationError(_("This name is built in: choose another."))
        others = Connection.objects.filter(workspace=self.workspace, name=name)
        if self.connection is not None:
            others = others.exclude(pk=self.connection.pk)
        if others.exists():
            raise forms.ValidationError(_("A connection of this name exists: choose another."))
        return name

    def clean_base_url(self) -> str:
        text: str = self.cleaned_data["base_url"]
        if self.cleaned_data.get("dialect") == RUNNABLES:
            return text
        if not text:
            raise forms.ValidationError(self.fields["base_url"].error_messages["required"], code="required")
        return parse.base_url(text)

    def clean_headers(self) -> dict[str, str]:
        return parse.headers(self.cleaned_data["headers"])

    def clean_proxy(self) -> str:
        return parse.proxy(self.cleaned_data["proxy"])

    def clean_prices(self) -> dict[str, dict[str, float]]:
        return parse.prices(self.cleaned_data["prices"])

    def clean_models(self) -> list[str]:
        return parse.model_names(self.cleaned_data["models"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("dialect") == RUNNABLES:
            return self._clean_runnable(data)
        if not data.get("allow_private"):
            for name in ("base_url", "proxy"):
                if parse.is_private(data.get(name, "")):
                    self.add_error(
                        name, _("This is a private address: tick “May be at a private address” if you mean it.")
                    )
        if not data.get("api_key") and not data.get("forget_api_key"):
            if self.unreadable:
                self.add_error("api_key", _("The stored key cannot be read: enter the key again, or forget it."))
            elif self.stored.api_key and self._sent_elsewhere(data):
                self.add_error("api_key", _("The address or the proxy has changed: enter the key again, or forget it."))
        return data

    def _clean_runnable(self, data: dict[str, Any]) -> dict[str, Any]:
        """Its name takes the place of the base URL, where the command line gives it. No secret of ours is needed."""
        name = data.get("runnable") or data.get("base_url", "")
        if data.get("given") and name:
            name = f"{name}#{data['given']}"
        try:
            data["base_url"] = usable(name)
        except forms.ValidationError as error:
            self.add_error("runnable", error)
        return {**data, "api_key": "", "headers": {}, "proxy": "", **{f"forget_{field}": True for field in _HIDDEN}}

    def save(self) -> Connection:
        data = self.cleaned_data
        connection = self.connection or Connection(workspace=self.workspace)
        connection.name = data["name"]
        connection.dialect = data["dialect"]
        connection.base_url = data["base_url"]
        connection.model_names = data["models"]
        connection.prices = data["prices"]
        connection.supports_streaming = data["supports_streaming"]
        connection.continues_by = data["continues_by"]
        connection.allow_private = data["allow_private"]
        connection.timeouts = {name: data[name] for name in TIMEOUTS}
        connection.retry = {name: data[name] for name in RETRY}
        connection.set_secrets(Secrets(**{name: self._kept_or_new(name) for name in _HIDDEN}))
        connection.save()
        return connection

    def _read_stored(self) -> Secrets:
        try:
            return self.connection.read_secrets() if self.connection else Secrets()
        except SecretsUnreadable as error:
            self.unreadable = error.message
            return Secrets()

    def _kept_or_new(self, name: str) -> Any:
        given = self.cleaned_data[name]
        return given if given or self.cleaned_data.get(f"forget_{name}") else getattr(self.stored, name)

    def _sent_elsewhere(self, data: dict[str, Any]) -> bool:
        """A key is sent only to the host, and by the way, that it was entered for."""
        if self.connection is None or "base_url" not in data:
            return False
        moved = parse.origin(data["base_url"]) != parse.origin(self.connection.base_url)
        return moved or data.get("proxy", "") not in {"", self.stored.proxy}


def _stored_help(stored: Any, otherwise: Any) -> Any:
    return _("Stored: %(stored)s. Leave blank to keep, type to replace.") % {"stored": stored} if stored else otherwise


def _address(connection: Connection) -> dict[str, str]:
    if connection.dialect != RUNNABLES:
        return {"base_url": connection.base_url}
    name, _hash, given = connection.base_url.partition("#")
    return {"runnable": name, "given": given}


def _initial(connection: Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "dialect": connection.dialect,
        **_address(connection),
        "models": "\n".join(connection.model_names),
        "prices": "\n".join(f"{name} {p['input']:g} {p['output']:g}" for name, p in connection.prices.items()),
        "supports_streaming": connection.supports_streaming,
        "allow_private": connection.allow_private,
        "continues_by": connection.continues_by,
        **policy_of(connection.timeouts, connection.retry),
    }
