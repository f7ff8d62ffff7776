"""What a connection pool of a configuration names, as settings of a Django database."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.conf import settings

from mediation.options import Options

_ENGINES: Final = {
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "mariadb": "django.db.backends.mysql",
}
_ORACLE: Final = re.compile(r"jdbc:oracle:thin:(?:[^@]*)@(?://)?(?P<host>[^:/]+)(?::(?P<port>\d+))?[:/](?P<name>.+)")


class UnknownDatabase(Exception):
    """No database is known by that URL or name. The text says where to name one."""

    def __init__(self, source: str) -> None:
        super().__init__(f'there is no driver for "{source}": name a database for it in ESB_DATA_SOURCES')


def database_settings(source: str, user: str = "", password: str = "") -> dict[str, Any]:
    """
    Settings for Django's database connections.

    Args:
        source: a JDBC URL, the name of a data source, or that of one of Django's databases. ``ESB_DATA_SOURCES`` comes
            first: it gives a database URL or the name of one of Django's databases for a source.

    Raises:
        UnknownDatabase: nobody knows it.
    """
    mapped = _mapped(source)
    if mapped is not None:
        if mapped in settings.DATABASES:
            return dict(settings.DATABASES[mapped])
        return _with_login(environ.Env.db_url_config(mapped), user, password)
    if source in settings.DATABASES:
        return dict(settings.DATABASES[source])
    if source.startswith("jdbc:"):
        return _with_login(_jdbc(source), user, password)
    raise UnknownDatabase(source)


def _mapped(source: str) -> str | None:
    sources = Options.from_settings().data_sources
    # Parameters of the driver say nothing of which database it is.
    return sources.get(source, sources.get(re.split(r"[;?]", source, maxsplit=1)[0]))


def _jdbc(url: str) -> dict[str, Any]:
    if url.startswith("jdbc:sqlite:"):
        path = re.split(r"[?]", url.removeprefix("jdbc:sqlite:"), maxsplit=1)[0]
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": {"timeout": 20}}
    oracle = _ORACLE.fullmatch(url)
    if oracle is not None:
        name = f"{oracle['host']}:{oracle['port'] or 1521}/{oracle['name']}"
        return {"ENGINE": "django.db.backends.oracle", "NAME": name}
    parts = urlsplit(url.removeprefix("jdbc:"))
    if parts.scheme not in _ENGINES or not parts.path.strip("/"):
        raise UnknownDatabase(url)
    given = dict(parse_qsl(parts.query))
    return {
        "ENGINE": _ENGINES[parts.scheme],
        "NAME": unquote(parts.path.strip("/")),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "USER": given.get("user", ""),
        "PASSWORD": given.get("password", ""),
    }


def _with_login(database: dict[str, Any], user: str, password: str) -> dict[str, Any]:
    if user and database["ENGINE"] != "django.db.backends.sqlite3":
        database |= {"USER": user, "PASSWORD": password}
    return database
