"""What the scripts of a stage say. `{name}` stands for a value that they fill in."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.prompts.texts import texts

_TEXTS: Final[Mapping[str, Promise]] = {
    "stage.ready": _("ready"),
    "stage.recording": _("Recording of {date}"),
    "stage.fallback": _("Recording of {date}, in place of the live answer"),
    "stage.live": _("Live"),
    "stage.playing": _("playing"),
    "stage.no_recording": _("There is no recording of this answer."),
    "stage.failed": _("The live answer failed, and there is no recording to take its place."),
    "stage.prompt": _("Prompt {n}"),
    "stage.blank": _("The screen is blank for a moment."),
    "stage.back": _("The show goes on."),
    "stage.watching": _("{n} watching"),
    "stage.reconnecting": _("Reconnecting…"),
    "stage.retrying": _("trying again…"),
    "stage.only-replayed": _("Only the person whose session this is can ask its models live."),
    "stage.not-done": _("That did not reach the server. Try again."),
}


def stage_texts() -> Mapping[str, Promise]:
    return {**texts(), **_TEXTS}
