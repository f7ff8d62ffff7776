import pytest

from artifacts.store import delete_artifact, find_artifact, save_artifact

from .conftest import NS, XML, messages, staff

URL = "/admin/artifacts/{}/deleted/"


def deleted(client, model):
    return [record.name for record in client.get(URL.format(model)).context["records"]]


@pytest.fixture
def gone(rows):
    row = rows["sequence"]
    delete_artifact(row, reason="old")
    return row


def restore(client, model="sequence"):
    url = URL.format(model)
    [record] = client.get(url).context["records"]
    return client.post(url, {"record": record.history_id}, follow=True)


@pytest.mark.parametrize("model", list(XML))
def test_what_was_deleted_is_listed_and_restored(admin_client, rows, model):
    row = rows[model]
    text, kind = row.xml, row.kind
    delete_artifact(row)
    assert deleted(admin_client, model) == [row.name]

    response = restore(admin_client, model)

    assert messages(response) == [f"Restored: {row.name}"]
    assert find_artifact(kind, row.name).xml == text
    assert deleted(admin_client, model) == []


def test_what_is_there_again_is_not_listed_and_not_overwritten(admin_client, gone):
    [record] = admin_client.get(URL.format("sequence")).context["records"]
    save_artifact(f'<sequence {NS} name="greet"><drop/></sequence>')

    assert deleted(admin_client, "sequence") == []
    response = admin_client.post(URL.format("sequence"), {"record": record.history_id}, follow=True)
    assert messages(response) == ["There is a new greet by now."]
    assert "<drop/>" in find_artifact("sequence", "greet").xml


def test_the_last_version_of_each_is_listed_once(admin_client, gone):
    delete_artifact(save_artifact(f'<sequence {NS} name="greet"><drop/></sequence>').row)

    [record] = admin_client.get(URL.format("sequence")).context["records"]

    assert "<drop/>" in record.xml


def test_who_may_not_add_may_not_restore(viewer, stranger, client, gone):
    assert deleted(viewer, "sequence") == ["greet"]
    assert restore(viewer).status_code == 403
    assert stranger.get(URL.format("sequence")).status_code == 403
    assert "/admin/login/" in client.get(URL.format("sequence"))["Location"]
    assert find_artifact("sequence", "greet") is None


def test_a_record_that_is_none_is_not_found(admin_client, gone):
    for record in ("", "x", "99999"):
        assert admin_client.post(URL.format("sequence"), {"record": record}).status_code == 404


def test_the_list_leads_there(admin_client, viewer, rows):
    for client in (admin_client, viewer):
        assert b"/admin/artifacts/sequence/deleted/" in client.get("/admin/artifacts/sequence/").content


def test_an_editor_restores(gone):
    assert messages(restore(staff("adder", "view", "add", "change"))) == ["Restored: greet"]
