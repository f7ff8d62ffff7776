import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from artifacts.models import Deployment
from artifacts.registry import registry_directory

from .conftest import messages, staff

LIST = "/admin/artifacts/registryresource/"
CHANGE = f"{LIST}config_2Fa.xslt/change/"


@pytest.fixture(autouse=True)
def registry(settings, tmp_path):
    settings.ESB_REGISTRY_DIR = tmp_path / "registry"
    registry_directory().write("config/a.xslt", b"<CANARY/>")
    return registry_directory()


def shown(client, url):
    return client.get(url).context["form"].initial


def test_resources_are_listed_and_found_by_key(admin_client, registry):
    registry.write("b.txt", b"hello")

    assert b"conf:/a.xslt" in admin_client.get(LIST).content
    html = admin_client.get(f"{LIST}?q=conf:/").content
    assert b"conf:/a.xslt" in html
    assert b"b.txt" not in html


def test_a_resource_is_added_and_every_process_is_told(admin_client, registry):
    before = Deployment.current()

    response = admin_client.post(f"{LIST}add/", {"path": "governance/b.txt", "content": "one\r\ntwo"}, follow=True)

    assert messages(response) == ["Stored: gov:/b.txt"]
    assert registry.read("governance/b.txt") == b"one\ntwo"
    assert Deployment.current() == before + 1
    assert LogEntry.objects.get().object_id == "governance/b.txt"


def test_a_file_may_be_uploaded_whatever_it_holds(admin_client, registry):
    file = SimpleUploadedFile("x", b"\xff\x00")

    response = admin_client.post(f"{LIST}add/", {"path": "b.bin", "file": file}, follow=True)

    assert registry.read("b.bin") == b"\xff\x00"
    assert "b.bin is neither XML nor text in UTF-8" in messages(response)
    assert "content" not in admin_client.get(f"{LIST}b.bin/change/").context["form"].fields


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/.hidden", "config/a.xslt", ""])
def test_a_path_that_is_none_or_taken_is_refused(admin_client, registry, path):
    response = admin_client.post(f"{LIST}add/", {"path": path, "content": "x"})

    assert response.context["form"].errors["path"]
    assert registry.read("config/a.xslt") == b"<CANARY/>"


def test_a_resource_is_changed(admin_client, registry):
    response = admin_client.post(CHANGE, {**shown(admin_client, CHANGE), "content": "<b"}, follow=True)

    assert registry.read("config/a.xslt") == b"<b"
    assert any("is served as text" in text for text in messages(response))


def test_a_change_of_somebody_else_is_not_overwritten(admin_client, registry):
    posted = shown(admin_client, CHANGE)
    registry.write("config/a.xslt", b"<other/>")

    response = admin_client.post(CHANGE, {**posted, "content": "<mine/>"})

    assert "somebody has changed it" in str(response.context["form"].errors)
    assert registry.read("config/a.xslt") == b"<other/>"


def test_a_resource_is_deleted(admin_client, registry):
    url = CHANGE.replace("change", "delete")
    assert admin_client.get(url).status_code == 200

    admin_client.post(url)

    assert registry.stamps() == {}
    assert admin_client.get(CHANGE).status_code == 404


def test_a_resource_is_downloaded_and_has_a_history(admin_client):
    response = admin_client.get(f"{LIST}config/a.xslt/download/")

    assert response.content == b"<CANARY/>"
    assert response["Content-Disposition"] == 'attachment; filename="a.xslt"'
    assert admin_client.get(CHANGE.replace("change", "history")).status_code == 200


def test_who_may_only_view_sees_the_list_and_no_content(viewer):
    assert viewer.get(LIST).status_code == 200
    for url in (CHANGE, f"{LIST}config/a.xslt/download/", f"{LIST}add/", CHANGE.replace("change", "delete")):
        assert viewer.get(url).status_code == 403, url


def test_without_permissions_nothing_is_seen(stranger, client):
    for url in (LIST, CHANGE, f"{LIST}config/a.xslt/download/", CHANGE.replace("change", "history")):
        assert stranger.get(url).status_code == 403, url
        assert "/admin/login/" in client.get(url)["Location"]


def test_who_may_change_but_not_delete_does_not_delete(registry):
    client = staff("changer", "view", "change")

    assert client.get(CHANGE).status_code == 200
    assert client.post(CHANGE.replace("change", "delete")).status_code == 403
    assert list(registry.stamps()) == ["config/a.xslt"]
