"""What a lane says about its run: for the page as the server renders it, and for the scripts that keep it current.

`{name}` stands for a value that the scripts fill in.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.connections.problems import sentences
from playground.runs.health import SENTENCES

TEXTS: Final[Mapping[str, Promise]] = {
    "waiting": _("waiting for the first token"),
    "queued": _("waiting for the model: others are using it"),
    "loading": _("loading the model…"),
    "loading.progress": _("loading the model… {percent} %"),
    "streaming": _("streaming"),
    "slow": _("no chunk for {n} s"),
    "retrying": _("retry {n}/{of} in {in} — {cause}"),
    "stopping": _("stopping…"),
    "reconnecting": _("reconnecting…"),
    "connection.lost": _("The connection to the server is lost. Reconnecting."),
    "connection.back": _("Connected again."),
    "connection.next": _("Attempt {n} in {s} s."),
    "connection.trying": _("Trying now."),
    "health.well": _("All services of the server work again."),
    "signed-out": _("signed out: the answer is being saved"),
    "signed-out.kept": _("You are signed out. Sign in again; what you typed is kept."),
    "forbidden": _("This page may not watch answers. Open it at the address that the server was started for."),
    "refused": _("not available"),
    "completed": _("completed"),
    "truncated": _("truncated"),
    "truncated.detail": _(
        "The connection closed before the answer was complete. What came is kept: continue it, or retry to get all."
    ),
    "filtered": _("filtered"),
    "filtered.detail": _("The provider's content filter stopped this answer. Change the prompt and send it again."),
    "failed": _("failed"),
    "failed.detail": _("The model did not answer. Retry, or look at the events for the reason."),
    "cancelled": _("stopped"),
    "interrupted": _("interrupted"),
    "interrupted.detail": _(
        "The server stopped while this answer was streaming. What came is kept: continue it, or retry to get all."
    ),
    "done": _("{model}: {state}, {n} chunks"),
    "models": _("{n} models"),
    "watching": _("{n} watching"),
    "watching.unnamed": _("and {n} more by a link"),
    "shown.beginning": _("Only the first {n} characters are shown here. The rest is recorded all the same."),
    "shown.all": _("See all of it on the page of the run"),
    "shown.more": _(" … and {n} more characters"),
    "turn.came": _("A new prompt was sent in this session."),
    "not-sent": _("The server could not be reached. Your text is still here. Send it again: nothing is asked twice."),
    "not-sent.because": _("Not sent. {why} Your text is still here."),
    "not-sent.signed-out": _("Not sent: you are signed out. Your text is kept; sign in and send it again."),
    "text-only": _("Only text can be sent: a prompt takes no images or files. Paste the text of the file instead."),
    "refused.away": _("The server is not available now. Try again in a moment."),
    "refused.wait": _("The server cannot do this now. Try again in {n} s."),
    "refused.error": _("The server had an error. Try again."),
    "refused.page": _("The server refused this. Load the page again, then try once more."),
    "not-reached": _("The server could not be reached. Try again."),
}


def texts() -> Mapping[str, Promise]:
    """`TEXTS`, and where the reader's language needs them a sentence for each code of an error, and of what is wrong
    around the server: see `problems` and `health`."""
    errors = {f"error.{code}": sentence for code, sentence in sentences().items()}
    return {**TEXTS, **errors, **{f"health.{trouble.value}": sentence for trouble, sentence in SENTENCES.items()}}
