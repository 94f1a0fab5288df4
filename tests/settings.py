"""The app's settings with what tests need to differ: a fast password hasher and data in a folder of their own."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="playground-tests-"))

from playground.settings import *  # noqa: F403  (settings modules are extended by star imports)
from playground.settings import DATA_DIR, DATABASES, STORAGES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # threads of the engine need a file, not memory
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}

STATIC_ROOT = DATA_DIR / "static"  # empty, and nobody else's: WhiteNoise lists it when a handler is made
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
