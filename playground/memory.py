"""What keeps the server process small. Called by `serve` before it loads the server and starts threads."""

import ctypes
import sys
from typing import Final

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # glibc's <malloc.h>
_ARENAS: Final = 2
_LARGE: Final = 512 * 1024


def without_own_tls() -> None:
    """Let Twisted and Autobahn find no pyOpenSSL: `serve` speaks plain HTTP, behind a proxy that holds the certificate,
    and it would take 6 MiB. Upstreams are asked through the standard library's `ssl`.

    Must run before anything imports `twisted.internet` or `autobahn`.
    """
    sys.modules.setdefault("OpenSSL", None)  # type: ignore[arg-type]  # as `import` says that there is none


def give_back_what_is_freed() -> None:
    """Let all threads allocate from two arenas. glibc gives each thread its own, where what it freed stays: 8 MiB at
    200 streams. Most allocate while they hold the interpreter's lock, so they hardly wait for each other.

    And keep what is large out of them. glibc does so only until the first large piece is freed: the texts of 8 MB that
    came after it left 200 MiB behind, most of it holes.

    Another C library has no such arenas, and is left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
