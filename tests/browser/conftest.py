"""A real browser on a real server."""

import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import User

CHROMIUM = next(
    (path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def browser(django_db_setup):
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here; Debian's package is called chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser):
    """One for all tests, so that scripts and styles are loaded once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def stranger(context, live_server, settings, tmp_path):
    """A page of somebody who has not logged in; there is a superuser ``admin``."""
    settings.ROOT_URLCONF = "tests.artifacts.admin.urls"
    settings.ESB_DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    User.objects.create_superuser("admin", password=PASSWORD)
    context.clear_cookies()
    page = context.new_page()
    page.base_url = live_server.url
    page.dialogs = []
    page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
    yield page
    page.close()


@pytest.fixture
def page(stranger, context, client):
    """A page of the superuser."""
    client.force_login(User.objects.get(username="admin"))
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": stranger.base_url}])
    return stranger
