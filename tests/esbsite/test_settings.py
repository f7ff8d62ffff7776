import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from mediation.options import Options
from tests.esbsite.serving import ROOT


def test_every_option_of_the_engine_comes_from_the_settings():
    assert Options.from_settings() == Options(store_dir=str(ROOT))


@pytest.mark.django_db
def test_sqlite_keeps_what_it_acknowledged_and_lets_readers_go_on():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,)  # FULL


def test_the_command_that_serves_is_ours():
    assert settings.INSTALLED_APPS.index("esbsite") < settings.INSTALLED_APPS.index("daphne")


def test_a_deployment_sets_things_with_environment_variables(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "esbsite.settings",
        "ESB_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgres://u:p@db/esb",
        "SECRET_KEY": "x" * 50,
        "ESB_HTTP_PORT": "9280",
        "ESB_ALLOWED_ORIGINS": "https://a.example,https://b.example",
    }
    script = """from django.conf import settings
from mediation.options import Options
options = Options.from_settings()
print(settings.DATABASES["default"]["ENGINE"], options.http_port, options.allowed_origins)
"""
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True)

    assert done.stdout == "django.db.backends.postgresql 9280 ('https://a.example', 'https://b.example')\n", done.stderr
    assert list(tmp_path.iterdir()) == []
