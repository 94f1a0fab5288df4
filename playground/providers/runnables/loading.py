"""A Runnable by its name, `package.module:object`."""

import importlib
import re
from importlib.util import find_spec
from typing import Any, Final, Literal, NamedTuple, cast, get_args

from playground.providers.errors import BadRunnable, LangChainMissing

Given = Literal["messages", "text", "messages-key", "input-key"]
GIVEN: Final[tuple[Given, ...]] = get_args(Given)

_NAME: Final = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_MESSAGE: Final = 200  # characters of what somebody's module said


class RunnableName(NamedTuple):
    """`given`: in which form it takes a prompt; "" where its own schema decides."""

    module: str
    path: str
    given: Given | Literal[""]

    def __str__(self) -> str:
        return f"{self.module}:{self.path}"


def is_installed() -> bool:
    return find_spec("langchain_core") is not None


def parse(text: str) -> RunnableName:
    """`text` is package.module:object, or that with `#` and one of `GIVEN`. Raises BadRunnable."""
    name, _, given = text.partition("#")
    found = _NAME.fullmatch(name)
    if found is None:
        raise BadRunnable(f"“{name[:_MESSAGE]}” is not the name of a Runnable: write package.module:object.")
    if given and given not in GIVEN:
        raise BadRunnable(f"A Runnable takes a prompt as one of {', '.join(GIVEN)}, not as “{given[:_MESSAGE]}”.")
    return RunnableName(found["module"], found["path"], cast("Given", given))


def load(name: RunnableName) -> Any:
    """The Runnable of that name. A function or class of no arguments is called, anew each time, to make it.

    Runs somebody's code. Raises LangChainMissing, and BadRunnable with what is wrong.
    """
    try:
        from langchain_core.runnables import Runnable  # an optional extra
    except ImportError:
        raise LangChainMissing(
            "LangChain is not installed here: run .venv/bin/pip install -r requirements-langchain.txt and start again."
        ) from None
    found = _made(name)
    if not isinstance(found, Runnable):
        raise BadRunnable(f"{name} is a {type(found).__name__} and not a Runnable of LangChain: name another object.")
    return found


def check_runnable(text: str) -> None:
    """Raises BadRunnable or LangChainMissing if there is no Runnable of that name."""
    load(parse(text))


def check_importable(text: str) -> None:
    """Imports what `text` names and makes nothing of it: no factory is called. Raises BadRunnable."""
    name = parse(text)
    try:
        _imported(name)
    except (Exception, SystemExit) as error:
        raise BadRunnable(_why(name, error)) from error


def _imported(name: RunnableName) -> Any:
    found: Any = importlib.import_module(name.module)
    for part in name.path.split("."):
        found = getattr(found, part)
    return found


def _made(name: RunnableName) -> Any:
    try:
        found = _imported(name)
        # Runnables can be called too, in LangChain's older style; a factory cannot be invoked.
        is_factory = isinstance(found, type) or (callable(found) and not hasattr(found, "astream_events"))
        return found() if is_factory else found
    except (Exception, SystemExit) as error:
        raise BadRunnable(_why(name, error)) from error


def _why(name: RunnableName, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and f"{name.module}.".startswith(f"{error.name}."):
        return f"There is no module {error.name} here: check the name, and the folders that Python looks in."
    if isinstance(error, AttributeError) and error.obj is not None and error.name in name.path.split("."):
        return f"The module {name.module} has no {error.name}: check the name after the colon."
    return f"{name} cannot be loaded, it raised {said(error)}"


def said(error: BaseException) -> str:
    """The name of an error and the first line of its message."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else ""
    cut = text if len(text) <= _MESSAGE else f"{text[:_MESSAGE]}…"
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__
