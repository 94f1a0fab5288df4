"""What a route answers to whom. A rule names the answer for everybody; a private session's rule follows from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.http import HttpResponse

from tests.access.cast import BY_LINK, MEMBERS, Who, World


class Answer(StrEnum):
    """YES: let in; what was sent may still be refused as a form or because the test has no engine."""

    YES = "yes"
    SIGN_IN = "sign in"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"


Rule = Mapping[Who, Answer]
_OUTSIDERS: Rule = dict.fromkeys((Who.ANONYMOUS, *BY_LINK), Answer.SIGN_IN)


def rule(*let_in: Who, stranger: Answer = Answer.UNKNOWN, others: Answer = Answer.FORBIDDEN) -> Rule:
    """`let_in` are; the other members get `others`; who is not signed in is asked to, whatever link they have."""
    members = {who: Answer.YES if who in let_in else others for who in MEMBERS}
    return {**_OUTSIDERS, Who.STRANGER: stranger, **members}


# Of a session, a turn, a run
SEE = rule(*MEMBERS)
CHANGE = rule(Who.AUTHOR)
DELETE = rule(Who.AUTHOR, Who.OWNER)
EDITORS = rule(Who.EDITOR, Who.OWNER, Who.AUTHOR)
# Of a thing of the workspace that has an address of its own
OF_OWNERS = rule(Who.OWNER)
OF_EDITORS = rule(Who.EDITOR, Who.OWNER, Who.AUTHOR)
OF_MEMBERS = rule(*MEMBERS)
# Of whatever workspace the person who asks is in: the stranger owns one
ANY_MEMBER = rule(*MEMBERS, stranger=Answer.YES)
ANY_EDITOR = rule(Who.EDITOR, Who.OWNER, Who.AUTHOR, stranger=Answer.YES)
ANY_OWNER = rule(Who.OWNER, stranger=Answer.YES)
# One's own things, which nobody else knows of
ONLY_AUTHOR = rule(Who.AUTHOR, others=Answer.UNKNOWN)
PUBLIC: Rule = dict.fromkeys(Who, Answer.YES)
BY_A_LINK: Rule = {who: Answer.YES if who is Who.LINK else Answer.UNKNOWN for who in Who}


def _nothing(_world: World) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Route:
    """`name` as `reverse` takes it. `args` makes what the address names; `private` is the rule where the session is.

    `private` None: the route is not about a session, or a private one makes no difference.
    """

    name: str
    rule: Rule
    method: str = "get"
    args: Callable[[World], Mapping[str, Any]] = _nothing
    data: Callable[[World], Mapping[str, Any]] = _nothing
    query: str = ""
    private: Rule | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.method.upper()} {self.name}{self.query}"


def of_session(name: str, allowed: Rule, **options: Any) -> Route:
    """A route about a session: in a private one, its author keeps what the rule says and no one else knows of it."""
    private = {who: allowed[who] if who in _OUTSIDERS or who is Who.AUTHOR else Answer.UNKNOWN for who in Who}
    return Route(name, allowed, private=private, **options)


def answer_of(response: HttpResponse) -> Answer:
    if response.status_code == 401 or _leads_to_sign_in(response):
        return Answer.SIGN_IN
    return {403: Answer.FORBIDDEN, 404: Answer.UNKNOWN, 410: Answer.UNKNOWN}.get(response.status_code, Answer.YES)


def _leads_to_sign_in(response: HttpResponse) -> bool:
    location = response.headers.get("Location", "") or response.headers.get("HX-Redirect", "")
    return location.startswith("/sign-in/?")


def both(names: Sequence[str], allowed: Rule, make: Callable[..., Route] = of_session, **options: Any) -> list[Route]:
    """The same rule for several routes."""
    return [make(name, allowed, **options) for name in names]
