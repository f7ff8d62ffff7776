"""Who may do what: every page, with every method that changes something."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from artifacts.models import Deployment

from .conftest import XML, change_url, staff

MODELS = list(XML)
SWITCHED = ["inboundendpoint", "proxyservice"]


def pages(row):
    url = change_url(row).removesuffix("change/")
    record = row.history.first().history_id
    return {
        "list": url.rpartition(f"{row.pk}/")[0],
        "change": f"{url}change/",
        "history": f"{url}history/",
        "version": f"{url}history/{record}/",
        "delete": f"{url}delete/",
        "export": f"{url}export/",
        "revert": f"{url}history/{record}/revert/",
    }


def status(client, url):
    return client.get(url).status_code


@pytest.mark.parametrize("model", MODELS)
def test_who_may_change_may_see_everything(editor, rows, model):
    found = pages(rows[model])

    assert {name: status(editor, url) for name, url in found.items()} == dict.fromkeys(found, 200) | {"revert": 405}


@pytest.mark.parametrize("model", MODELS)
def test_who_may_only_view_sees_pages_but_no_files(viewer, rows, model):
    found = pages(rows[model])
    refused = dict.fromkeys(("delete", "export", "revert"), 403)

    assert {name: status(viewer, url) for name, url in found.items()} == dict.fromkeys(found, 200) | refused


@pytest.mark.parametrize("model", MODELS)
def test_without_permissions_nothing_is_seen(stranger, rows, model):
    found = pages(rows[model])

    assert {name: status(stranger, url) for name, url in found.items()} == dict.fromkeys(found, 403)


@pytest.mark.parametrize("model", MODELS)
def test_who_has_not_logged_in_is_sent_to_the_login(client, rows, model):
    for url in pages(rows[model]).values():
        assert "/admin/login/" in client.get(url)["Location"]


@pytest.mark.parametrize("model", MODELS)
def test_who_may_only_view_changes_nothing(viewer, rows, model):
    found, generation = pages(rows[model]), Deployment.current()
    urls = [found["change"], found["delete"], found["revert"], f"{found['list']}add/"]
    if model in SWITCHED:
        urls += [found["change"].replace("change", "suspend"), found["change"].replace("change", "activate")]

    assert {viewer.post(url, {"xml": XML[model], "post": "yes"}).status_code for url in urls} == {403}
    for action in ("suspend", "activate", "export", "delete_selected"):
        viewer.post(found["list"], {"action": action, "_selected_action": [rows[model].pk], "post": "yes"})
    assert Deployment.current() == generation


@pytest.mark.parametrize("model", SWITCHED)
def test_switching_takes_post(editor, rows, model):
    assert status(editor, change_url(rows[model]).replace("change", "suspend")) == 405
    assert status(editor, change_url(rows[model]).replace("change", "activate")) == 405


def test_what_changes_something_takes_the_token_of_the_page(rows, admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    found = pages(rows["inboundendpoint"])
    urls = [found["change"], found["revert"], found["change"].replace("change", "suspend")]

    assert {client.post(url).status_code for url in [*urls, "/admin/artifacts/deployment/import/"]} == {403}


@pytest.mark.parametrize("url", ["/admin/artifacts/deployment/import/", "/admin/artifacts/deployment/export/"])
def test_import_and_export_take_permissions_for_every_kind(url, db):
    assert status(staff("all", "view", "add", "change"), url) == 200
    some = staff("some", "view", "add", "change")
    User.objects.get(username="some").user_permissions.remove(
        *User.objects.get(username="some").user_permissions.filter(codename="change_endpoint")
    )
    assert status(some, url) == 403
    assert status(staff("views", "view"), url) == 403


def test_kept_artifacts_are_not_added_by_hand(admin_client):
    assert status(admin_client, "/admin/artifacts/keptartifact/add/") == 403
