"""What a page says of an error that a recording holds.

Recordings keep the sentence that was written when the error happened, in English and with what the provider said. A
reader of another language gets the sentence for its code first.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

RECORDED_IN: Final = "en"

# By the codes of `providers.errors`, of the embedded model, and of the engine.
SENTENCES: Final[Mapping[str, Promise]] = {
    "invalid_base_url": _("The connection's base URL cannot be used: correct it."),
    "invalid_header": _("A header of the connection cannot be sent: correct it."),
    "invalid_proxy": _("The connection's proxy cannot be used: correct it."),
    "unknown_dialect": _("The connection's dialect is not known: choose another."),
    "private_address": _("The address is private: allow private addresses in the connection if you mean it."),
    "connection_refused": _("The provider refused the connection: check the address, and that its server runs."),
    "name_not_resolved": _("The name of the provider's host was not found: check the base URL."),
    "host_unreachable": _("The provider's host cannot be reached: check the address and the network."),
    "connection_reset": _("The provider closed the connection before it answered: try again."),
    "tls_failed": _("No secure connection could be made: check the address and its certificate."),
    "proxy_failed": _("The proxy did not lead to the provider: check the connection's proxy."),
    "connect_timeout": _("The connect timeout passed before the provider was reached: retry, or raise it."),
    "first_chunk_timeout": _("The first-chunk timeout passed before the answer began: retry, or raise it."),
    "between_chunks_timeout": _("The between-chunks timeout passed without another chunk: retry, or raise it."),
    "total_timeout": _("The total timeout passed before the answer was complete: ask for less, or raise it."),
    "refused": _("The provider reported an error: try again, or look it up in the provider's documentation."),
    "redirect_refused": _("The provider redirects, which is not followed: put the final address into the base URL."),
    "invalid_request": _("The provider did not accept the request: check the model's name and the parameters."),
    "not_authenticated": _("The provider did not accept the API key: check the key of the connection."),
    "not_permitted": _("The provider does not permit this request: check what the key may use."),
    "model_not_found": _("The provider knows no such model or address: check the model's name and the base URL."),
    "prompt_too_long": _("The prompt is too long for this model: shorten it, or choose a model that takes more."),
    "rate_limited": _("The provider's rate limit is reached: wait a little and try again."),
    "quota_exceeded": _("The account's quota is used up: check its billing with the provider."),
    "server_failed": _("The provider failed: try again, or check the provider's status page."),
    "overloaded": _("The provider is overloaded: try again in a while."),
    "content_filter": _("The provider's content filter stopped this: rephrase the prompt."),
    "not_http": _("What answered does not speak HTTP: check the address and the port."),
    "not_a_model_answer": _("A page or a text answered, not a model: check that the base URL includes its /v1."),
    "malformed_answer": _("The answer is not what the dialect promises: check the connection's dialect."),
    "unsupported_encoding": _("The answer came in an encoding that was not asked for: check the proxies in between."),
    "too_long": _("The answer is longer than can be kept."),
    "connection_lost": _("The connection was lost before the answer was complete: retry to get all of it."),
    "no_end_marker": _("The stream ended without its end mark: retry to get a whole answer."),
    "invalid_runnable": _("The connection's Runnable cannot be used: choose another, or correct it."),
    "langchain_missing": _("LangChain is not installed here: install it, or choose another dialect."),
    "runnable_failed": _("The Runnable raised an error: its message says what is wrong."),
    "model_unavailable": _("The demo model cannot run here."),
    "model_failed": _("The demo model did not start: try again, or add a connection to a model elsewhere."),
    "interrupted": _("The server stopped while this answer was streaming: retry to get all of it."),
    "deadline": _("The answer took longer than one run may take: ask for less, or raise the limit."),
    "internal": _("The playground itself failed here; its log says how. Retry."),
    "not_found": _("This answer does not exist, or is not yours."),
}
# The same where a part of the answer came, from which Continue goes on.
PART_SENTENCES: Final[Mapping[str, Promise]] = {
    "between_chunks_timeout": _(
        "The between-chunks timeout passed without another chunk. What came is kept: continue or retry, or raise it."
    ),
    "total_timeout": _(
        "The total timeout passed before the answer was complete. What came is kept: continue it, or raise the timeout."
    ),
    "server_failed": _("The provider failed in the middle of the answer. What came is kept: continue or retry."),
    "overloaded": _("The provider was overloaded in the middle of the answer. What came is kept: continue or retry."),
    "refused": _("The provider reported an error in the middle of the answer. What came is kept: continue or retry."),
    "malformed_answer": _(
        "What came in the middle of the answer cannot be read. What came before is kept: continue or retry."
    ),
    "connection_lost": _("The connection was lost in the middle of the answer. What came is kept: continue or retry."),
    "no_end_marker": _("The stream ended without its end mark. What came is kept: continue or retry."),
    "interrupted": _("The server stopped while this answer was streaming. What came is kept: continue or retry."),
    "deadline": _("The answer took longer than one run may take. What came is kept: continue it, or raise the limit."),
}

# A word or two for where there is no room for a sentence.
NAMES: Final[Mapping[str, Promise]] = {
    "invalid_base_url": _("base URL not usable"),
    "invalid_header": _("header not usable"),
    "invalid_proxy": _("proxy not usable"),
    "unknown_dialect": _("dialect not known"),
    "private_address": _("private address"),
    "connection_refused": _("connection refused"),
    "name_not_resolved": _("host not found"),
    "host_unreachable": _("host unreachable"),
    "connection_reset": _("connection closed"),
    "tls_failed": _("no secure connection"),
    "proxy_failed": _("proxy failed"),
    "not_connected": _("not reached"),
    "connect_timeout": _("connect timeout"),
    "first_chunk_timeout": _("first-chunk timeout"),
    "between_chunks_timeout": _("between-chunks timeout"),
    "total_timeout": _("total timeout"),
    "refused": _("error of the provider"),
    "redirect_refused": _("redirect"),
    "invalid_request": _("request not accepted"),
    "not_authenticated": _("key not accepted"),
    "not_permitted": _("not permitted"),
    "model_not_found": _("model not found"),
    "prompt_too_long": _("prompt too long"),
    "rate_limited": _("rate limit reached"),
    "quota_exceeded": _("quota used up"),
    "server_failed": _("provider failed"),
    "overloaded": _("provider overloaded"),
    "content_filter": _("content filter"),
    "not_http": _("not HTTP"),
    "not_a_model_answer": _("not a model's answer"),
    "malformed_answer": _("answer not readable"),
    "unsupported_encoding": _("encoding not readable"),
    "too_long": _("answer too long"),
    "connection_lost": _("connection lost"),
    "no_end_marker": _("no end mark"),
    "runnable_failed": _("Runnable failed"),
    "invalid_runnable": _("Runnable not usable"),
    "langchain_missing": _("LangChain not installed"),
    "model_unavailable": _("model not available"),
    "model_failed": _("model did not start"),
    "interrupted": _("interrupted"),
    "internal": _("error of the playground"),
}


def sentences() -> Mapping[str, Promise]:
    """Those that are shown before what was recorded: none to who reads the language that is recorded.

    Under `CODE.part` the sentence where a part of the answer came, if it is another.
    """
    if get_language() in {None, RECORDED_IN}:
        return {}
    return {**SENTENCES, **{f"{code}.part": sentence for code, sentence in PART_SENTENCES.items()}}


def name_of(code: str) -> str:
    """In a word or two what went wrong; a code that is not known stands for itself."""
    return str(NAMES.get(code, code))


def explain(code: str, message: str, *, has_part: bool = False) -> str:
    """What to show of a recorded error: its sentence, and on a line of its own what was recorded.

    `has_part`: whether there is a part of the answer to continue.
    """
    all_of_them = sentences()
    known = (has_part and all_of_them.get(f"{code}.part")) or all_of_them.get(code)
    return f"{known}\n{message}" if known and message else str(known or message)
