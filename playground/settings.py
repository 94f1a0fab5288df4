"""Settings of the streaming playground. Everything that differs between installations comes from the environment."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from playground.data_dir import load_secret_key, private_folder
from playground.env import (
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_networks,
    env_objects,
    env_path,
    env_str,
    env_url,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = private_folder(env_path("DATA_DIR", BASE_DIR / "data"))

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_str("SECRET_KEY") or load_secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters; leave it unset to have one generated.")

PUBLIC_URL = env_url("PUBLIC_URL", schemes=("http", "https"))
_public = urlsplit(PUBLIC_URL)
_https = _public.scheme == "https"

ALLOWED_HOSTS = [*env_list("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
if _public.hostname:
    ALLOWED_HOSTS.append(_public.hostname)
    CSRF_TRUSTED_ORIGINS.append(f"{_public.scheme}://{_public.netloc}")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "csp",
    "playground.accounts",
    "playground.workspaces",
    "playground.connections",
    "playground.runs",
    "playground.filters",
    "playground.library",
    "playground.review",
    "playground.usage",
    "playground.history",
    "playground.snippets",
    "playground.prompts",
    "playground.replay",
    "playground.sharing",
    "playground.presenting",
    "playground.gateway",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # of random length, so that sizes give no secret away (BREACH)
    "playground.api.middleware.ApiErrorMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "playground.language.PageLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "playground.middleware.PlaygroundErrorMiddleware",
]

ROOT_URLCONF = "playground.urls"
ASGI_APPLICATION = "playground.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------------------------

DATABASE_URL = env_url("DATABASE_URL", schemes=("postgres", "postgresql"))
if DATABASE_URL:
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
    # A server that has vanished says nothing: what waits for it would wait for a quarter of an hour.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        **DATABASES["default"].get("OPTIONS", {}),
    }
else:
    # NORMAL loses nothing when the process dies, FULL also nothing when the machine loses its power.
    _synchronous = env_choice("PLAYGROUND_SQLITE_SYNCHRONOUS", ("normal", "full")).upper()
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA_DIR / "playground.sqlite3"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # A deferred transaction that reads before it writes fails at once with "locked" under WAL.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    f"PRAGMA journal_mode=WAL; PRAGMA synchronous={_synchronous}; PRAGMA cache_size=-16000;"
                ),
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_url("REDIS_URL", schemes=("redis", "rediss", "unix"))
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 5, "socket_connect_timeout": 2}]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# --- Accounts and the browser -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "prompts:playground"
LOGOUT_REDIRECT_URL = "accounts:sign-in"

PASSWORD_RESET_TIMEOUT = 86_400  # s

# Mail is optional: invitations and password resets are links, which are mailed where there is a mail server.
EMAIL_HOST = env_str("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10  # s
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", f"playground@{_public.hostname or 'localhost'}")

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "__Host-sessionid" if _https else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _https else "csrftoken"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_SSL_REDIRECT = False  # the proxy in front, which holds the certificate, redirects
# That SECURE_SSL_REDIRECT is not set, and that HSTS binds this host only: its siblings are not ours to bind.
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Language, static files, logs ---------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _https
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["playground.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static" / "root"
STATICFILES_DIRS = [(name, BASE_DIR / "static" / name) for name in ("css", "js", "vendor", "img")]
STORAGES = {
    "staticfiles": {"BACKEND": "playground.staticfiles.StaticFilesStorage"},
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
}

PLAYGROUND_LOG_FORMAT = env_choice("PLAYGROUND_LOG_FORMAT", ("line", "json"))
PLAYGROUND_LOG_LEVEL = env_choice("PLAYGROUND_LOG_LEVEL", ("info", "debug", "warning", "error"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "playground.logs.PlainLines"},
        "json": {"()": "playground.logs.JsonLines"},
    },
    "filters": {
        "redact": {"()": "playground.accounts.redaction.RedactTokens"},
        "run": {"()": "playground.logs.NameTheRun"},
        "no_refusals": {"()": "playground.logs.NoRefusals"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": PLAYGROUND_LOG_FORMAT,
            "filters": ["redact", "run"],
        }
    },
    "root": {"handlers": ["stderr"], "level": PLAYGROUND_LOG_LEVEL.upper()},
    "loggers": {
        "channels_redis": {"level": "CRITICAL"},  # a traceback a second while Redis is away; runs.rooms says it once
        "daphne": {"level": "WARNING"},
        "django.request": {"level": "ERROR", "filters": ["no_refusals"]},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # each probe of the port would leave a traceback
        "httpx": {"level": "WARNING"},
        "markdown_it": {"level": "WARNING"},  # at debug, a line for each rule that it tries
    },
}

# --- The playground's own -----------------------------------------------------------------------------------------

# Whose `X-Forwarded-For` is believed.
PLAYGROUND_TRUSTED_PROXIES = env_networks("PLAYGROUND_TRUSTED_PROXIES")
PLAYGROUND_SAMPLES = env_bool("PLAYGROUND_SAMPLES", default=True)
PLAYGROUND_MAX_RUNS = env_int("PLAYGROUND_MAX_RUNS", 250, minimum=1)
PLAYGROUND_MAX_RUNS_PER_USER = env_int("PLAYGROUND_MAX_RUNS_PER_USER", 32, minimum=1)
PLAYGROUND_MAX_PROMPT_BYTES = env_int("PLAYGROUND_MAX_PROMPT_BYTES", 512 * 1024, minimum=1)
PLAYGROUND_RUN_DEADLINE_S = env_int("PLAYGROUND_RUN_DEADLINE_S", 1800, minimum=1)
PLAYGROUND_WRITE_TIMEOUT_S = env_int("PLAYGROUND_WRITE_TIMEOUT_S", 10, minimum=1)
PLAYGROUND_STOP_GRACE_S = env_int("PLAYGROUND_STOP_GRACE_S", 5, minimum=0)
PLAYGROUND_MAX_UNSTORED_BYTES = env_int("PLAYGROUND_MAX_UNSTORED_BYTES", 256 * 1024 * 1024, minimum=1)
PLAYGROUND_KEEP_DAYS = env_int("PLAYGROUND_KEEP_DAYS", 0, minimum=0)  # 0: for ever
PLAYGROUND_KEEP_RAW_DAYS = env_int("PLAYGROUND_KEEP_RAW_DAYS", 0, minimum=0)
PLAYGROUND_MODEL_IDLE_S = env_int("PLAYGROUND_MODEL_IDLE_S", 600, minimum=1)
PLAYGROUND_METRICS_TOKEN = env_str("PLAYGROUND_METRICS_TOKEN")
PLAYGROUND_RUNNABLES = env_objects("PLAYGROUND_RUNNABLES")
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
