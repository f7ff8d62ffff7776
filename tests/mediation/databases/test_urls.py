"""What configurations name is found as a Django database."""

from typing import Any

import pytest

from mediation.databases.urls import UnknownDatabase, database_settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("jdbc:sqlite:/tmp/a.db", {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/a.db"}),
        (
            "jdbc:postgresql://db:5433/shop?user=u&password=p",
            {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db", "PORT": "5433", "USER": "u"},
        ),
        ("jdbc:mysql://localhost:3306/esb", {"ENGINE": "django.db.backends.mysql", "NAME": "esb", "PORT": "3306"}),
        ("jdbc:oracle:thin:@//db:1522/orcl", {"ENGINE": "django.db.backends.oracle", "NAME": "db:1522/orcl"}),
    ],
)
def test_jdbc_urls(url: str, expected: dict[str, Any]) -> None:
    assert expected.items() <= database_settings(url).items()


def test_the_login_beside_the_url_counts() -> None:
    found = database_settings("jdbc:postgresql://db/shop", "me", "secret")
    assert (found["USER"], found["PASSWORD"]) == ("me", "secret")


def test_a_database_of_django() -> None:
    assert "ENGINE" in database_settings("default")


def test_a_source_may_be_mapped(settings: Any) -> None:
    settings.ESB_DATA_SOURCES = {"jdbc:derby://localhost:1527/db": "sqlite:////tmp/b.db", "jdbc/Shop": "default"}
    assert database_settings("jdbc:derby://localhost:1527/db;create=false")["NAME"] == "/tmp/b.db"
    assert database_settings("jdbc/Shop") == database_settings("default")


@pytest.mark.parametrize(
    "source", ["jdbc:derby://localhost:1527/db", "jdbc:h2:mem:x", "Nothing", "jdbc:postgresql://db"]
)
def test_what_nobody_knows(source: str) -> None:
    with pytest.raises(UnknownDatabase, match="ESB_DATA_SOURCES"):
        database_settings(source)
