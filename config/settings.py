"""All settings. Every value an operator may change comes from the environment; docs/operations.md lists them."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import structlog
from django.core.exceptions import ImproperlyConfigured
from environs import Env
from huey import PostgresHuey, SqliteHuey
from huey.serializer import SignedSerializer

from config.log_lines import without_link_tokens

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds clients' texts and the key to every session
with suppress(PermissionError):  # somebody else's folder, opened to us
    DATA_DIR.chmod(0o700)
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])


def _secret_key(path: Path) -> str:
    """A key of this installation's own, made on first start and readable by its owner only."""
    if not path.exists():
        descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")
        with open(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        with suppress(FileExistsError):  # two processes start at once: the second takes the key of the first
            os.link(fresh, path)
        os.unlink(fresh)
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", "") or _secret_key(DATA_DIR / "secret_key")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "SECRET_KEY has fewer than 32 characters, so sessions could be forged. Leave it out: a good one is made, and "
        f"kept in {DATA_DIR / 'secret_key'}. If that file is empty or cut off, delete it and start again."
    )

INSTALLED_APPS = [
    "config",
    "annotation",
    "training",
    "evaluation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "template_partials",
    "django_htmx",
    "huey.contrib.djhuey",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.CompressPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "config.middleware.NoStoreMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["template_partials.templatetags.partials", "annotation.templatetags.preceptor"],
        },
    }
]

# --- Database and queue -------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    # IMMEDIATE: a transaction that will write takes the lock when it starts, so that it cannot fail halfway.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # Each thread has a connection, which would keep 128 statements and 2 MB of the file: 4 MB for each of 16 threads.
    "cached_statements": 16,
    # Ids are random, so what an import writes is all over the file: it is carried over into it 32 MB at a time.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864; "
    "PRAGMA cache_size=-500; PRAGMA wal_autocheckpoint=8000;",
}
DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'preceptor.sqlite3'}")}
# A connection of its own for each request costs SQLite a reading of the whole schema, PostgreSQL a handshake.
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"] |= {"OPTIONS": SQLITE_OPTIONS, "CONN_HEALTH_CHECKS": False}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _queue() -> SqliteHuey | PostgresHuey:
    """The doorbell beside the database. SQLite needs a file of its own: sharing Django's deadlocks."""
    options = {
        "name": "preceptor",
        "results": False,
        "immediate": False,
        "serializer": SignedSerializer(secret=SECRET_KEY),
    }
    if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
        return SqliteHuey(filename=str(DATA_DIR / "queue.sqlite3"), **options)
    return PostgresHuey(dsn=env.str("DATABASE_URL"), **options)


HUEY = _queue()

# --- Other servers, when named --------------------------------------------------------------------------------


def _token(name: str, path_name: str) -> str:
    """From the environment, or from a file that only this user reads."""
    path = env.str(path_name, "")
    if env.str(name, "") or not path:
        return env.str(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{path_name} names a file that cannot be read: {error}.") from error


MLFLOW_TRACKING_URI = env.str("MLFLOW_TRACKING_URI", "").rstrip("/")  # rounds are written there too; empty: nowhere
MLFLOW_TRACKING_TOKEN = env.str("MLFLOW_TRACKING_TOKEN", "")
MLFLOW_TRACKING_USERNAME = env.str("MLFLOW_TRACKING_USERNAME", "")
MLFLOW_TRACKING_PASSWORD = env.str("MLFLOW_TRACKING_PASSWORD", "")
if MLFLOW_TRACKING_URI and (not MLFLOW_TRACKING_URI.startswith(("http://", "https://")) or "@" in MLFLOW_TRACKING_URI):
    raise ImproperlyConfigured(
        "MLFLOW_TRACKING_URI is the address of an MLflow server, such as http://mlflow:5000. A name and password go "
        "into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
    )

# --- Work on disk -------------------------------------------------------------------------------------------

RUNS_DIR = DATA_DIR / "runs"
ADAPTERS_DIR = DATA_DIR / "adapters"
DATASETS_DIR = DATA_DIR / "datasets"
EXPORTS_DIR = DATA_DIR / "exports"
EXPORTS_KEPT_DAYS = env.int("EXPORTS_KEPT_DAYS", 7)
BASE_MODELS_DIR = DATA_DIR / "base-models"
RECIPE_THREADS = env.int("RECIPE_THREADS", 0)  # 0: as many as the machine has cores
LAUNCHER = env.str("LAUNCHER", "local")  # local, accelerate for several processes, or ray for a cluster
ACCELERATE_PROCESSES = env.int("ACCELERATE_PROCESSES", 2)
ACCELERATE_CONFIG = env.str("ACCELERATE_CONFIG", "")  # path of accelerate's own file, for DeepSpeed and FSDP
RAY_ADDRESS = env.str("RAY_ADDRESS", "").rstrip("/")  # of the cluster's dashboard: http://head:8265
RAY_AUTH_TOKEN = _token("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
RAY_CPUS = env.int("RAY_CPUS", 0)  # of one job; 0: on the head node, with all it has
RAY_GPUS = env.float("RAY_GPUS", 0.0)
if LAUNCHER not in ("local", "accelerate", "ray"):
    raise ImproperlyConfigured(f"LAUNCHER is {LAUNCHER}; there are local, accelerate and ray.")
if LAUNCHER == "ray" and not RAY_ADDRESS.startswith(("http://", "https://")):
    raise ImproperlyConfigured("LAUNCHER is ray: set RAY_ADDRESS to the cluster's address, such as http://head:8265.")
if LAUNCHER == "ray" and not RAY_AUTH_TOKEN:
    raise ImproperlyConfigured(
        "LAUNCHER is ray: set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to a file that holds it. A cluster that takes "
        "jobs without a token runs programs for whoever reaches it."
    )
if ACCELERATE_PROCESSES < 2:
    raise ImproperlyConfigured("ACCELERATE_PROCESSES is less than 2. For one process set LAUNCHER to local.")
if ACCELERATE_CONFIG and not Path(ACCELERATE_CONFIG).is_file():
    raise ImproperlyConfigured(f"ACCELERATE_CONFIG names no file: {ACCELERATE_CONFIG}.")

ROUNDS_QUEUED_PER_PROJECT = env.int("ROUNDS_QUEUED_PER_PROJECT", 20)
PRICE_PER_HOUR: float | None = env.float("PRICE_PER_HOUR", None)  # of this machine, for the estimate of a round's cost
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 60)
JOB_HEARTBEAT_SECONDS = env.int("JOB_HEARTBEAT_SECONDS", 10)
JOB_RECONCILE_SECONDS = 30
WORK_LEASE_MINUTES = env.int("WORK_LEASE_MINUTES", 30)  # how long an item stays with one person without a keystroke

# --- People -------------------------------------------------------------------------------------------------

LOGIN_URL = "sign_in"
SIGN_IN_LINK_HOURS = 24
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_AGE = 60 * 60 * 12
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", BEHIND_PROXY)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 30 * 24 * 60 * 60 if SESSION_COOKIE_SECURE else 0)
SESSION_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
MAX_IMPORT_BYTES = 200 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "annotation.upload_limit.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- API ----------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["annotation.api.parsing.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "annotation.pagination.NewestFirst",
    "EXCEPTION_HANDLER": "annotation.api.base.answer",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Preceptor",
    "DESCRIPTION": "Everything an admin does on a page, for scripts. Words are those of the screens.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobStatusEnum": "training.jobs.Status",
        "DemonstrationStatusEnum": "annotation.models.Demonstration.Status",
        "ImportStatusEnum": "annotation.models.Import.Status",
        "MarkKindEnum": "annotation.models.Mark.Kind",
        "ExportFormatEnum": "annotation.exports.kinds.FORMAT_NAMES",
        "DatasetKindEnum": "training.models.DatasetVersion.Kind",
        "RoleEnum": "annotation.models.Role",
        "ConsensusEnum": "annotation.models.ConsensusRule",
        "ChoreKindEnum": "annotation.models.Chore.Kind",
        "DecisionEnum": "annotation.models.Decision",
        "SwapKindEnum": "annotation.bias.swapping.CHOICES",
        "CleaningKindEnum": "annotation.forms.cleaning.TITLES",
        "DifficultyEnum": "annotation.models.Difficulty",
        "SaidDifficultyEnum": "annotation.api.sorting.SAID",
        "PackageFormatEnum": "training.models.Package.Format",
        "ChoreStatusEnum": "annotation.models.Chore.Status",
    },
}
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Bearer"}

# --- Language, static files, logs -----------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_storage.StaticStorage"},
}
MEDIA_ROOT = DATA_DIR / "uploads"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "event": {
            "()": structlog.stdlib.ProcessorFormatter,
            # A plain traceback: the usual one also prints the values of variables, and so texts and passwords.
            "processor": structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
            "foreign_pre_chain": [
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.add_log_level,
                without_link_tokens,
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "event"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"level": "WARNING"}, "huey": {"level": "WARNING"}},
}
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
)
