import pytest

from artifacts.models import Deployment, InboundEndpoint, ProxyService
from artifacts.store import save_artifact

from .conftest import XML, change_url, messages

KINDS = [("inboundendpoint", InboundEndpoint), ("proxyservice", ProxyService)]


@pytest.mark.parametrize(("name", "model"), KINDS)
def test_rows_of_the_list_are_suspended_and_activated(editor, rows, name, model):
    url = f"/admin/artifacts/{name}/"
    selected = {"_selected_action": [rows[name].pk]}
    generation = Deployment.current()

    response = editor.post(url, {"action": "suspend", **selected}, follow=True)

    assert model.objects.get().state == "suspended"
    assert messages(response) == [f"Suspended: {rows[name].name}"]
    assert Deployment.current() > generation

    editor.post(url, {"action": "activate", **selected})

    assert model.objects.get().state == "deployed"


def test_suspending_changes_one_attribute_of_the_xml(editor, rows):
    editor.post(change_url(rows["inboundendpoint"]).replace("change", "suspend"))

    row = InboundEndpoint.objects.get()
    assert row.xml == XML["inboundendpoint"].replace('onError="oops"', 'onError="oops" suspend="true"')
    assert row.history.first().history_change_reason == "suspended"
    assert row.history.first().history_user.username == "editor"


def test_suspending_twice_changes_nothing(editor, rows):
    for _ in range(2):
        editor.post(change_url(rows["proxyservice"]).replace("change", "suspend"))

    assert ProxyService.objects.get().version == 2


def test_a_faulty_artifact_says_that_it_goes_on_as_it_was(editor, rows):
    save_artifact(XML["inboundendpoint"].replace("9091", "none"))

    response = editor.post(change_url(rows["inboundendpoint"]).replace("change", "suspend"), follow=True)

    [told] = messages(response)
    assert told.startswith("Not suspended yet: door, because it is faulty, serving an older version: line 4")
