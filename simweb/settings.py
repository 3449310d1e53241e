"""Everything that can be set, and the variable that sets it. With nothing set, simweb works on one machine."""

import sys
from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.conf.global_settings import PASSWORD_HASHERS
from django.core.exceptions import ImproperlyConfigured

from simweb import environment
from simweb.private import keep_private

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(environment.text("SIMWEB_DATA_DIR", str(BASE_DIR / "var"))).resolve()
try:
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(f"SIMWEB_DATA_DIR={DATA_DIR}: cannot be made or used: {error.strerror}") from None

DEBUG = environment.flag("SIMWEB_DEBUG")
SECRET_KEY = environment.secret("SIMWEB_SECRET_KEY", DATA_DIR / "secret-key")
ALLOWED_HOSTS = environment.names("SIMWEB_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
# Behind a proxy that speaks TLS: cookies only over https, and the proxy's word for the scheme is believed.
HTTPS = environment.flag("SIMWEB_HTTPS")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"] if HTTPS else []

# --- how runs are played ---------------------------------------------------------------------------------------------
WORKERS = environment.number("SIMWEB_WORKERS", 0, least=0, most=256)  # 0: one for each core
EXECUTOR = environment.choice("SIMWEB_EXECUTOR", "local", ("local", "celery", "immediate", "idle"))
STOP_GRACE_SECONDS = environment.number("SIMWEB_STOP_GRACE_SECONDS", 5, least=0, most=30)
DRAIN_SECONDS = environment.number("SIMWEB_DRAIN_SECONDS", 10, least=0, most=3600)  # to finish in, when the server ends
# A player says every second that it is alive; one unheard of for this long is taken for dead.
LOST_SECONDS = environment.number("SIMWEB_LOST_SECONDS", 20, least=5, most=25)
RETENTION_DAYS = environment.number("SIMWEB_RETENTION_DAYS", 0, least=0, most=36_500)
STALL_SECONDS = environment.number("SIMWEB_STALL_SECONDS", 60, least=1, most=86_400)  # without a turn: the run is stuck
# Progress is recorded and shown at most this often; the first turn and every change of state go at once.
RECORD_INTERVAL_MS = environment.number("SIMWEB_RECORD_INTERVAL_MS", 50, least=0, most=10_000)
LIVE_INTERVAL_MS = environment.number("SIMWEB_LIVE_INTERVAL_MS", 250, least=20, most=10_000)
LEAST_FREE_MB = environment.number("SIMWEB_LEAST_FREE_MB", 100, least=0, most=10**9)  # on the disk, to be ready
PING_SECONDS = environment.number("SIMWEB_PING_SECONDS", 20, least=2, most=3_600)
HTTP_THREADS = environment.number("SIMWEB_HTTP_THREADS", 16, least=2, most=256)
PLAYER_ENV = environment.names("SIMWEB_PLAYER_ENV")  # what models may read of our environment, beside the usual
COMPILED = environment.flag("SIMWEB_COMPILED", True)  # whether scenarios may compile their rules
MAX_TURNS = environment.number("SIMWEB_MAX_TURNS", 1_000_000, least=1, most=100_000_000)
ANSWER_SECONDS = environment.number(
    "SIMWEB_ANSWER_SECONDS", 60, least=1, most=3_600
)  # to play a run again for a question
MAX_PROBLEMS_PER_RUN = 1_000
MAX_DECISIONS_PER_RUN = environment.number("SIMWEB_MAX_DECISIONS", 5_000, least=0, most=1_000_000)
# A run is flagged for attention beyond these.
ATTENTION_RETRIES = environment.number("SIMWEB_ATTENTION_RETRIES", 3, least=0, most=1_000)
ATTENTION_TOKENS = environment.number("SIMWEB_ATTENTION_TOKENS", 100_000, least=1, most=10**12)
ATTENTION_LATENCY_MS = environment.number("SIMWEB_ATTENTION_LATENCY_MS", 60_000, least=1, most=86_400_000)
ATTENTION_FAILED_PERCENT = environment.number("SIMWEB_ATTENTION_FAILED_PERCENT", 10, least=0, most=100)
MAX_LOG_CHARACTERS = 256 * 1024

# --- what the site is made of ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",  # limits how often somebody may guess
    "ninja",  # its documentation page, from our own static files
    "simweb.access",
    "metrics",
    "runs",
    "performance",
    "experiments",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simweb.errors.keepable_texts",
    "simweb.errors.api_problems",
    "simweb.access.passwords.SayBusy",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "simweb.urls"
ASGI_APPLICATION = "simweb.asgi.application"
DOORMAN = "simweb.http.Doorman"
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
                "simweb.access.context.person",
            ],
        },
    }
]

# --- data ------------------------------------------------------------------------------------------------------------
DATABASE_URL = environment.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'simweb.sqlite3'}")
try:
    DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=None)}
except ValueError:
    raise ImproperlyConfigured(
        "DATABASE_URL is not an address of a database: write postgres://user:password@host:5432/name or sqlite:///path"
    ) from None
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Django's defaults gave 1,125 "database is locked" in 6 s of four writers (reference/technology.md 2b).
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000",
    }
    # A file: threads that share an in-memory test database answer "table is locked".
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A connection that broke is replaced before it is used, and a server that is silent is given up: nobody may wait for
    # minutes, as libpq and the kernel do by themselves.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
_is_file = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
for _sentence in keep_private(DATA_DIR, Path(DATABASES["default"]["NAME"]).resolve() if _is_file else None):
    sys.stderr.write(f"simweb: {_sentence}\n")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.text("REDIS_URL")
if EXECUTOR == "celery" and not REDIS_URL:
    raise ImproperlyConfigured(
        "SIMWEB_EXECUTOR=celery needs REDIS_URL: its broker, and the layer between its processes"
    )
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL is not an address of a Redis: write redis://host:6379/0")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "capacity": 10_000},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- people and safety -----------------------------------------------------------------------------------------------
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "sign-in"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# In the place of Django's first, whose name it has: of two with one name, Django would take the last.
PASSWORD_HASHERS = ["simweb.access.passwords.PatientHasher", *PASSWORD_HASHERS[1:]]
# So many wrong passwords for one name from one address, and it is closed there for a while. Not the name alone: then
# anybody could lock anybody out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # it has a page in ours
AXES_LOCKOUT_CALLABLE = "simweb.access.passwords.locked_out"
AXES_CLIENT_IP_CALLABLE = "simweb.access.passwords.address_of"
PROXIES = environment.number("SIMWEB_PROXIES", 0, least=0, most=10)  # that each add to X-Forwarded-For
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
METRICS_NETWORKS = environment.networks("SIMWEB_METRICS_NETWORKS")  # may read /metrics without a token
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    4 * 1024 * 1024
)  # a form with a text of a megabyte in it: signs take up to three bytes there
MAX_IMPORT_MB = environment.number("SIMWEB_MAX_IMPORT_MB", 64, least=1, most=4_096)
LARGER_BODIES = {"/api/v1/runs/import": MAX_IMPORT_MB * 1024 * 1024}  # by path, in bytes
MOST_OF_UNKNOWN = 64 * 1024  # bytes of a body from whoever shows neither token nor session: a form to sign in
MOST_TOGETHER = max(1 << 30, 4 * MAX_IMPORT_MB * 1024 * 1024)  # bytes of all bodies that are on their way or in work
# A request's head must arrive within so many seconds, and of its body, in each span of so many, LEAST_RATE bytes a second.
SLOW_SECONDS = environment.number("SIMWEB_SLOW_SECONDS", 10, least=1, most=600)
LEAST_RATE = 1024
UNREAD_SECONDS = environment.number("SIMWEB_UNREAD_SECONDS", 60, least=1, most=3_600)  # an answer may lie unread
# Sockets count; below the limit of open files in any case.
MAX_CONNECTIONS = environment.number("SIMWEB_MAX_CONNECTIONS", 10_000, least=1, most=1_000_000)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        # uPlot and the progress bars set inline styles; a style cannot run code.
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- notifications ---------------------------------------------------------------------------------------------------
PUBLIC_URL = environment.text("SIMWEB_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")  # how links in messages begin
NOTIFY_PRIVATE = environment.flag("SIMWEB_NOTIFY_PRIVATE")  # may webhooks go to private networks?
EMAIL_BACKEND = "runs.mail.EmailBackend"
EMAIL_HOST = environment.text("SIMWEB_EMAIL_HOST", "localhost")
EMAIL_PORT = environment.number("SIMWEB_EMAIL_PORT", 25, least=1, most=65535)
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = environment.text("SIMWEB_EMAIL_FROM", "simweb@localhost")

# --- traces ----------------------------------------------------------------------------------------------------------
OTLP_ENDPOINT = environment.address("SIMWEB_OTLP_ENDPOINT")  # where traces of runs are sent; needs the extra `tracing`

# --- the rest --------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # served from where they lie: no collectstatic step between clone and first page
LOG_LEVEL = environment.choice("SIMWEB_LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "simweb.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": LOG_LEVEL,
    },
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL},  # Django's own would write the same lines, indiscreetly
        "httpx": {"level": "WARNING"},  # it and the next would log the whole address of every webhook
        "httpcore": {"level": "WARNING"},
    },
}
