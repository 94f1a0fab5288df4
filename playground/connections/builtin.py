"""The connections that every workspace has: `local`, the embedded model, and `sim`, the simulator."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from playground.connections.embedded import MODEL_NAME

LOCAL: Final = "local"
SIM: Final = "sim"
ALL: Final = (LOCAL, SIM, "replay")  # `replay/…` is how the gateway names recordings
NAMES: Final = frozenset(ALL)
DIALECT: Final = "openai-chat"

EMBEDDED_MODEL: Final = f"{LOCAL}/{MODEL_NAME}"
EMBEDDED_LABEL: Final = _("SmolLM2 135M — tiny demo model")
EMBEDDED_DESCRIPTION: Final = _(
    "A real but very small model that runs on this machine, without key or network. It streams well and answers badly."
)

SIM_DESCRIPTION: Final = _("Simulated: a prepared text at the pace that its name says, from no model.")
SIM_PRESETS: Final = {
    "sim-n256-r50-d100": _("Simulated — 256 tokens, 50 a second"),
    "sim-zh-n256-r50-d100": _("Simulated — Chinese, 256 tokens, 50 a second"),
    "sim-en-n2000-r200-d100": _("Simulated — long, 2,000 tokens, 200 a second"),
    "sim-n256-r8-d1500": _("Simulated — slow, 8 tokens a second after 1.5 s"),
    "sim-whole-n128-r50-d100": _("Simulated — does not stream: one piece"),
    "sim-e429x2-n128-r50-d100": _("Simulated — refused twice (429), then answers"),
}
SIM_EXAMPLE: Final = f"{SIM}/{next(iter(SIM_PRESETS))}"
