"""Brings the database and the collected static files up to date before the server starts; does only what is needed.

Usage: python -m scripts.prepare [--static-only]
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
FINGERPRINT = ROOT / ".cache" / "static-fingerprint"


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return 1
    if "--static-only" not in arguments and (problem := migrate()):
        print(problem, file=sys.stderr)
        return 1
    collect_static()
    return 0


def migrate() -> str:
    """Returns what is wrong, "" if nothing is."""
    from django.core.management import call_command
    from django.db import OperationalError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        return f"The database does not answer: {str(error).strip().splitlines()[0]}. Check DATABASE_URL."
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Preparing the database …", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
    connection.close()
    return ""


def collect_static() -> None:
    from django.conf import settings
    from django.core.management import call_command

    wanted = _static_fingerprint()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists() and FINGERPRINT.exists() and FINGERPRINT.read_text() == wanted:
        return
    print("Collecting static files …", flush=True)
    call_command("collectstatic", interactive=False, verbosity=0)  # not cleared: another server may be serving them
    FINGERPRINT.parent.mkdir(exist_ok=True)
    FINGERPRINT.write_text(wanted)


def _static_fingerprint() -> str:
    """A hash of all that decides what `collectstatic` writes: our files, the packages with theirs, the settings."""
    from django.conf import settings

    sources = [path for _, folder in settings.STATICFILES_DIRS for path in Path(folder).rglob("*") if path.is_file()]
    digest = hashlib.sha256()
    deciding = [ROOT / "requirements.txt", ROOT / "playground" / "settings.py", ROOT / "playground" / "staticfiles.py"]
    for path in [*deciding, *sorted(sources)]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
