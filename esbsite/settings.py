"""
Settings of the site. Each one that a deployment may want to change is an environment variable with a default.

A file named ``.env`` beside ``manage.py`` is read first; variables of the process win over it.
"""

from pathlib import Path

from esbsite.environment import Environment
from esbsite.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(BASE_DIR / ".env")

# -- where things are kept -------------------------------------------------------------------------------------------

# All that the running product writes: the database, the generated secret, the demo's files.
ESB_DATA_DIR = Path(env.str("ESB_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
ESB_DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

# Signs sessions. Without the variable it is generated once into a file that only its owner can read.
SECRET_KEY = env.str("SECRET_KEY", default="") or secret_key(ESB_DATA_DIR / "secret_key")

# sqlite:///relative.db, sqlite:////absolute.db, or postgres://user:password@host/name
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{ESB_DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"].get("ENGINE") == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        # WAL lets readers go on while one writes. WAL with synchronous=NORMAL acknowledges before fsync, hence FULL.
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        # Take the write lock at BEGIN: a transaction that upgrades later is refused at once, whatever its time-out.
        transaction_mode="IMMEDIATE",
        timeout=20,
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- ports -----------------------------------------------------------------------------------------------------------

# The address that proxy services and inbound endpoints listen on. The main port (admin) takes `runserver ADDR:PORT`.
ESB_HOST = env.str("ESB_HOST", default="0.0.0.0")
# Proxy services over http; 0 closes it.
ESB_HTTP_PORT = env.port("ESB_HTTP_PORT", default=8280)
# Proxy services over https, open when a certificate (PEM, with its chain) and key are set.
ESB_HTTPS_PORT = env.port("ESB_HTTPS_PORT", default=8243)
ESB_HTTPS_CERTIFICATE = env.str("ESB_HTTPS_CERTIFICATE", default="")
ESB_HTTPS_KEY = env.str("ESB_HTTPS_KEY", default="")
ESB_HTTPS_PASSWORD = env.str("ESB_HTTPS_PASSWORD", default="")
# Added to the two ports above and to those of inbound endpoints with ws.use.port.offset=true, to run a second product.
ESB_PORT_OFFSET = env.int("ESB_PORT_OFFSET", default=0)
# Where relative paths of key and trust stores start, and what ${carbon.home} in them means.
ESB_STORE_DIR = env.str("ESB_STORE_DIR", default=str(BASE_DIR))
# The files of the registry: what artifacts use by keys such as conf:/transform.xslt.
ESB_REGISTRY_DIR = env.str("ESB_REGISTRY_DIR", default=str(ESB_DATA_DIR / "registry"))
# What file: URLs of artifacts may name outside of the registry: files whose names end so; relative paths start at
# ESB_STORE_DIR.
ESB_FILE_SUFFIXES = env.list("ESB_FILE_SUFFIXES", default=[".xsl", ".xslt", ".xsd", ".wsdl"])
# Where $FILE:NAME and ${configs.NAME} in artifacts are looked up: lines like NAME=value.
ESB_PROPERTIES_FILE = env.str("ESB_PROPERTIES_FILE", default=str(ESB_DATA_DIR / "file.properties"))
# Secrets that artifacts look up by alias: files with these names, as Docker and Kubernetes mount them.
ESB_SECRETS_DIR = env.str("ESB_SECRETS_DIR", default=str(ESB_DATA_DIR / "secrets"))
# Addresses that local entries with src="http..." may be read from: "https://config.example/entries/".
ESB_ENTRY_URLS = env.list("ESB_ENTRY_URLS", default=[])
# True lets several processes open the ports of proxy services and inbound endpoints, and share their connections.
ESB_SHARE_PORTS = env.bool("ESB_SHARE_PORTS", default=False)
# A Redis that takes broadcasts to the WebSocket clients of other processes ("redis://localhost:6379/0").
ESB_REDIS_URL = env.str("ESB_REDIS_URL", default="")
# False takes the admin off the main port, for a main port that the world can reach.
ESB_ADMIN_ON_MAIN = env.bool("ESB_ADMIN_ON_MAIN", default=True)

# -- life cycle and limits -------------------------------------------------------------------------------------------

# Seconds that requests in flight and closing handshakes have when the process is asked to stop.
ESB_DRAIN_SECONDS = env.float("ESB_DRAIN_SECONDS", default=30.0)
# Seconds between two looks at the database for a changed configuration.
ESB_POLL_SECONDS = env.float("ESB_POLL_SECONDS", default=0.5)
# The largest WebSocket message, in bytes; larger ones are closed with 1009.
ESB_MAX_MESSAGE_BYTES = env.int("ESB_MAX_MESSAGE_BYTES", default=1024 * 1024)
# The largest WebSocket frame, in bytes; 0: as large as a message.
ESB_MAX_FRAME_BYTES = env.int("ESB_MAX_FRAME_BYTES", default=0)
# Seconds from the first to the last fragment of a WebSocket message; then 1008.
ESB_MESSAGE_SECONDS = env.float("ESB_MESSAGE_SECONDS", default=60.0)
# Seconds between two pings of a WebSocket connection, 0 for none; and seconds to answer one, then 1011.
ESB_PING_SECONDS = env.float("ESB_PING_SECONDS", default=20.0)
ESB_PONG_SECONDS = env.float("ESB_PONG_SECONDS", default=20.0)
# Seconds without a WebSocket message, before 1001; 0 for any time.
ESB_IDLE_SECONDS = env.float("ESB_IDLE_SECONDS", default=0.0)
# Seconds for a WebSocket client's request to arrive, and again for its acceptance.
ESB_HANDSHAKE_SECONDS = env.float("ESB_HANDSHAKE_SECONDS", default=10.0)
# Whether WebSocket messages are compressed with who agrees.
ESB_DEFLATE = env.bool("ESB_DEFLATE", default=False)
# WebSocket clients of one inbound endpoint in one process, and those with the same IP address; more get 503; 0 for any.
ESB_MAX_CONNECTIONS = env.int("ESB_MAX_CONNECTIONS", default=10_000)
ESB_MAX_CONNECTIONS_PER_ADDRESS = env.int("ESB_MAX_CONNECTIONS_PER_ADDRESS", default=0)
# Messages of one WebSocket client in a second; 0 for any.
ESB_MAX_MESSAGE_RATE = env.int("ESB_MAX_MESSAGE_RATE", default=0)
# Bytes that may wait for a WebSocket client that reads too slowly.
ESB_MAX_QUEUE_BYTES = env.int("ESB_MAX_QUEUE_BYTES", default=1024 * 1024)
# The largest HTTP request body, in bytes; larger ones get 413.
ESB_MAX_BODY_BYTES = env.int("ESB_MAX_BODY_BYTES", default=16 * 1024 * 1024)
# Requests to proxy services that one process mediates at a time; more get 503.
ESB_MAX_REQUESTS = env.int("ESB_MAX_REQUESTS", default=10_000)
# How often a message may come back to this process by HTTP, because services call themselves or each other.
ESB_MAX_HOPS = env.int("ESB_MAX_HOPS", default=10)
# Branches of one message (clone, iterate, recipient lists) that may wait for something at a time; others wait to start.
ESB_MAX_BRANCHES = env.int("ESB_MAX_BRANCHES", default=100)
# Messages of one process that may wait in the groups of aggregate mediators; more fail. And the seconds that a group
# without a time-out waits for its next message before it is dropped.
ESB_MAX_GROUPED_MESSAGES = env.int("ESB_MAX_GROUPED_MESSAGES", default=10_000)
ESB_GROUP_SECONDS = env.float("ESB_GROUP_SECONDS", default=300.0)
# Origins that browsers may open WebSockets from, beside the host's own: "https://shop.example", or "*" for any.
ESB_ALLOWED_ORIGINS = env.list("ESB_ALLOWED_ORIGINS", default=[])
ESB_ALLOWED_ADDRESSES = env.list("ESB_ALLOWED_ADDRESSES", default=[])
# Reverse proxies whose X-Forwarded-For says who a client is: "10.0.0.1,10.1.0.0/16". Nobody else's counts.
ESB_TRUSTED_PROXIES = env.networks("ESB_TRUSTED_PROXIES")
# Origins whose web pages may read the answers of REST APIs ("https://shop.example", or "*" for any), and the request
# headers that they may send, separated by commas.
ESB_CORS_ORIGINS = env.list("ESB_CORS_ORIGINS", default=[])
ESB_CORS_HEADERS = env.str("ESB_CORS_HEADERS", default="")
# Seconds for which an answer about a WebSocket client's credential counts: until then a password that was changed, a
# token that was revoked or a user that was deactivated may still be let in, and after it connected ones are closed.
ESB_AUTH_TRUST_SECONDS = env.float("ESB_AUTH_TRUST_SECONDS", default=30.0)
# Wrong credentials of a kind that an address may show in a minute before it gets 429; 0 for any number.
ESB_AUTH_FAILURES_PER_MINUTE = env.int("ESB_AUTH_FAILURES_PER_MINUTE", default=20)
ESB_CLASSES = env.json("ESB_CLASSES", default={})
ESB_DATA_SOURCES = env.json("ESB_DATA_SOURCES", default={})
ESB_JSON_SWITCHES = env.json("ESB_JSON_SWITCHES", default={})
ESB_SCRIPT_WORKERS = env.int("ESB_SCRIPT_WORKERS", default=2)
ESB_SCRIPT_SECONDS = env.float("ESB_SCRIPT_SECONDS", default=5.0)
ESB_SCRIPT_MEMORY_BYTES = env.int("ESB_SCRIPT_MEMORY_BYTES", default=64 * 1024 * 1024)
# Processes for XSLT 1.0, and as many for XSLT 2.0, 3.0 and XQuery; time and memory that one of them may take.
ESB_TRANSFORM_WORKERS = env.int("ESB_TRANSFORM_WORKERS", default=2)
ESB_TRANSFORM_SECONDS = env.float("ESB_TRANSFORM_SECONDS", default=5.0)
ESB_TRANSFORM_MEMORY_BYTES = env.int("ESB_TRANSFORM_MEMORY_BYTES", default=512 * 1024 * 1024)

# -- Django ----------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# Names that the main port answers to. Proxy services on their own ports answer to any name.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"])
# Needed when the admin is reached through a TLS proxy: https://esb.example
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)

INSTALLED_APPS = [
    "esbsite",  # before daphne, so that its runserver is the one that Django finds
    "daphne",  # before everything that might import Twisted: it chooses the asyncio reactor
    "artifacts",
    "mediation",
    "simple_history",
    "django_ace",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "esbsite.staticfiles.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "esbsite.urls"
ASGI_APPLICATION = "esbsite.asgi.application"
# At most once, and only for what may be lost: broadcasts to the clients of other processes.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [ESB_REDIS_URL], "prefix": "esb", "capacity": 10_000},
    }
    if ESB_REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["esbsite.formats"]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

# Served from the installed packages, without a collectstatic step.
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# Django refuses larger request bodies before a view can answer with its own limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = ESB_MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "[%(asctime)s] %(levelname)5s {%(name)s} %(message)s"}},
    "filters": {"refusals": {"()": "esbsite.log_filters.WithoutClientTracebacks"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "artifacts": {"level": LOG_LEVEL},
        "esbsite": {"level": LOG_LEVEL},
        "mediation": {"level": LOG_LEVEL},
        # Django's own handlers would print each line a second time, in another format.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"filters": ["refusals"]},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
