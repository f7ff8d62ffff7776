"""A refused request is one line in the log; what fails in the server has its traceback."""

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.mark.django_db
def test_a_refused_request_is_one_line(client: Client, caplog: pytest.LogCaptureFixture):
    client.force_login(User.objects.create_user("guest", is_staff=True))
    with caplog.at_level(logging.WARNING, "django.request"):
        assert client.get("/admin/artifacts/sequence/").status_code == 403
    [record] = [each for each in caplog.records if each.name == "django.request"]
    assert record.exc_info is None


def test_what_fails_in_the_server_has_its_traceback(caplog: pytest.LogCaptureFixture):
    try:
        raise ValueError("boo")
    except ValueError as exc:
        logging.getLogger("django.request").error("failed", extra={"status_code": 500}, exc_info=exc)
    assert caplog.records[-1].exc_info
