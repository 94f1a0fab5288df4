"""Runs the tests: on SQLite, then on PostgreSQL those that touch the database, then in a browser.

Usage: python -m scripts.test [PYTEST ARGUMENTS]   with arguments: one run, on SQLite

With CI=true nothing may be skipped: a missing browser, PostgreSQL or Redis is a failure. Elsewhere it is said.
`TEST_DATABASE_URL` and `TEST_REDIS_URL` name other servers than those on this machine.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.services import IN_CI, database_url, why_no_postgresql

ROOT = Path(__file__).resolve().parent.parent
PARALLEL = ["-n", "2", "--dist", "loadfile"]


def main(arguments: list[str]) -> int:
    prepare = [sys.executable, "-m", "scripts.prepare", "--static-only"]
    if subprocess.call(prepare, cwd=ROOT, env={**os.environ, "DATA_DIR": ".cache/check"}):
        return 1
    if arguments:
        return pytest("SQLite", arguments)
    codes = [pytest("SQLite", [*PARALLEL, "-m", "not browser and not postgresql"])]
    if missing := why_no_postgresql():
        print(f"== PostgreSQL: {'FAILED' if IN_CI else 'skipped'}, {missing}")
        codes.append(1 if IN_CI else 0)
    else:
        touches_it = "(database or postgresql) and not browser and not model"
        codes.append(pytest("PostgreSQL", [*PARALLEL, "-m", touches_it], DATABASE_URL=database_url()))
    codes.append(pytest("browser", [*PARALLEL, "-m", "browser"]))
    return max(codes)


def pytest(title: str, arguments: list[str], **environment: str) -> int:
    print(f"== {title}", flush=True)
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env={**os.environ, **environment})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
