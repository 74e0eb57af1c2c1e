"""Django's settings, decided by the environment (env.py) alone."""

import os
import sys
from pathlib import Path
from typing import Any

from dj_database_url import parse as parse_database_url

from filemill.config import broker, cors, env, variables
from filemill.core import log
from filemill.web.bundle import KEPT_FOR_EVER

try:
    FILEMILL = env.read()
except variables.BadSetting as error:
    sys.exit(f"Filemill does not start: {error}")

os.umask(0o077)  # whatever is made from here on, the database and the broker's messages too, is for its owner alone

DATA_DIR = FILEMILL.data_dir.expanduser().resolve()
EMBEDDED = FILEMILL.broker_url.startswith("filesystem:")

# A visibility timeout only hands bells out again; nothing leans on it.
# kombu warns of an address without a host, which a folder does not have.
BROKER_URL = "filesystem://localhost//" if EMBEDDED else FILEMILL.broker_url
BROKER_TRANSPORT_OPTIONS = broker.folder_options(DATA_DIR / "broker") if EMBEDDED else {}

SECRET_KEY = FILEMILL.secret_key or env.secret(DATA_DIR / "secrets" / "django")
DEBUG = FILEMILL.debug
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
# An address is no name that another site could let point here.
OWN_ADDRESS = f"[{FILEMILL.bind}]" if ":" in FILEMILL.bind else FILEMILL.bind
ALLOWED_HOSTS = [*LOCAL_HOSTS, OWN_ADDRESS, *FILEMILL.hosts]
# Behind a proxy that ends TLS, Origin says https where Django sees http; the names are ours all the same.
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' if host.startswith('.') else ''}{host}" for host in FILEMILL.hosts if host != "*"
]

AUTHENTICATION_BACKENDS = ["filemill.accounts.backend.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:index"
LOGOUT_REDIRECT_URL = "web:sign-in"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = FILEMILL.behind_tls
# Without a proxy in front that sets it, a client could.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if FILEMILL.behind_tls else None

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "filemill.accounts",
    "filemill.events",
    "filemill.files",
    "filemill.processing",
    "filemill.uploads",
    "filemill.web",
    "filemill.api",
    "filemill.config",
]

MIDDLEWARE = [
    "filemill.config.middleware.RequestLog",
    *([cors.MIDDLEWARE] if FILEMILL.cors_origins else []),  # outside of all that refuses: errors need its headers, too
    "filemill.config.languages.Languages",
    "filemill.config.short.ShortWay",
    "filemill.config.middleware.NotAllowedExplained",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "filemill.web.middleware.ContentSecurityPolicy",
    "django.middleware.common.CommonMiddleware",
    "filemill.config.middleware.OnlyFromHere",
    "filemill.config.middleware.SmallForms",  # before the check for forged forms, which reads them
    "filemill.config.past_programs.Sessions",
    "filemill.config.past_programs.Forgery",
    "filemill.config.past_programs.Users",
    "filemill.config.access.Access",
    "filemill.config.past_programs.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "filemill.config.urls"
WSGI_APPLICATION = "filemill.config.wsgi.application"
CSRF_FAILURE_VIEW = "filemill.config.urls.csrf_failure"
APPEND_SLASH = False  # a redirected POST loses its body; every path answers with and without the slash
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

CORS_ALLOWED_ORIGINS = FILEMILL.cors_origins
CORS_URLS_REGEX = cors.ADDRESSES
CORS_ALLOW_METHODS = cors.METHODS
CORS_ALLOW_HEADERS = cors.SENT
CORS_EXPOSE_HEADERS = cors.SHOWN

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "filemill.web.templatetags.pages"],
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


_PREPARE_AFTER = 5  # times that a connection runs a statement: to prepare it costs a round trip of its own


def _database() -> dict[str, Any]:
    parsed: dict[str, Any] = dict(parse_database_url(FILEMILL.database_url or f"sqlite:///{DATA_DIR}/filemill.sqlite3"))
    if parsed["ENGINE"].endswith("sqlite3"):
        # Without IMMEDIATE a transaction that reads and then writes fails at once where it should wait for the lock.
        parsed["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;",
        }
    else:
        parsed["ENGINE"] = "filemill.database.postgresql"
        parsed["CONN_HEALTH_CHECKS"] = True
        # A server that is gone without a word would hold a thread for minutes; what the address says comes first.
        parsed["OPTIONS"] = {
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            "prepare_threshold": _PREPARE_AFTER if FILEMILL.prepared_statements else None,
            # A process that hangs in a transaction would hold its rows, and so the sweep, for as long as it hangs.
            "options": "-c idle_in_transaction_session_timeout=60s",
        } | parsed.get("OPTIONS", {})
    if FILEMILL.database_password_file:
        with open(FILEMILL.database_password_file, encoding="utf-8") as file:  # noqa: PTH123
            parsed["PASSWORD"] = file.read().strip()
    parsed["CONN_MAX_AGE"] = None
    return parsed


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]  # each by its own name
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [Path(__file__).parents[1] / "locale"]
FORMAT_MODULE_PATH = "filemill.languages.formats"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = KEPT_FOR_EVER

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DATA_DIR / "files",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000  # the list's form names 1,000 files; SmallForms bounds the bytes
WORK_DIR = DATA_DIR / "work"  # workspaces of running jobs

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["filemill.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "filemill.api.negotiation.OneForm",
    "EXCEPTION_HANDLER": "filemill.api.problems.handle",
    "DATETIME_FORMAT": "iso-8601",
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is an unknown parameter like any other
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Filemill",
    "DESCRIPTION": "Upload a file, get it processed.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "Needed where FILEMILL_ACCESS=token."},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "Of a browser that has signed in; writes then carry the header X-CSRFToken.",
            },
        }
    },
    "SECURITY": [{"token": []}, {"session": []}, {}],
    "PREPROCESSING_HOOKS": ["filemill.api.schema.one_address_each"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "filemill.api.schema.strict_bodies"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": "filemill.files.models.Status",
        "StateEnum": "filemill.processing.states.State",
    },
}

LOGGING_CONFIG = None
log.configure(FILEMILL.log_format)
