"""One child process, from its start to its end."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from playground.connections.embedded.errors import EmbeddedModelFailed, death

_ROOT: Final = Path(__file__).resolve().parents[3]
_STOP_S: Final = 2.0
# The child parses what strangers write, in native code: it gets none of our secrets from the environment.
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH")


class Child:
    """Made by `Child.start`. `exited` is set once the process has ended, however it did."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.exited = asyncio.Event()
        self._watch = asyncio.create_task(self._wait(), name="embedded model exit")

    @classmethod
    async def start(cls, lock: Path) -> Self:
        """Raises EmbeddedModelFailed where no process can be made."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "playground.connections.embedded.child",
                str(lock),
                stdin=PIPE,
                stdout=PIPE,
                cwd=_ROOT,
                env=environment,
                start_new_session=True,  # Ctrl-C in a terminal is for the server, which then stops the child
            )
        except OSError as error:
            raise EmbeddedModelFailed(f"no process could be started ({error.strerror})") from None
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def ready(self, on_stage: Callable[[str], None]) -> bool:
        """Waits until the child serves; False if another child of this host does. Raises EmbeddedModelFailed."""
        while report := await self._report():
            match report["stage"]:
                case "ready":
                    return True
                case "taken":
                    return False
                case "failed":
                    raise EmbeddedModelFailed(report["message"])
                case stage:
                    on_stage(stage)
        await self.exited.wait()
        raise EmbeddedModelFailed(death(self.returncode))

    async def stop(self) -> None:
        """Ends the process and waits for its end: closing stdin is enough, unless it hangs."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_S):
                await self.exited.wait()
        except TimeoutError:
            self.kill()
        await self._watch

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def _report(self) -> dict[str, Any] | None:
        if self._process.stdout is None:
            return None
        line = await self._process.stdout.readline()
        return json.loads(line) if line else None

    async def _wait(self) -> None:
        await self._process.wait()
        self.exited.set()
