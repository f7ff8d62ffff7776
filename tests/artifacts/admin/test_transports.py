import pytest

from artifacts.models import Deployment, TransportSender
from artifacts.store import set_transport_parameters, transport_parameters

from .conftest import posted


@pytest.fixture
def url(db):
    set_transport_parameters(
        "ws", {"ws.outflow.dispatch.sequence": "answers", "trust.password": "CANARY"}, replace=True
    )
    return f"/admin/artifacts/transportsender/{TransportSender.objects.get(scheme='ws').pk}/change/"


def row(data, name):
    return next(key.removesuffix("-name") for key, value in data.items() if value == name)


def test_parameters_are_changed_added_and_removed(editor, url):
    data, generation = posted(editor, url), Deployment.current()
    data[f"{row(data, 'ws.outflow.dispatch.sequence')}-value"] = "other"
    data[f"{row(data, 'trust.password')}-DELETE"] = "on"

    editor.post(url, data | {"parameters-2-name": "added", "parameters-2-value": "1"})

    assert transport_parameters("ws") == {"ws.outflow.dispatch.sequence": "other", "added": "1"}
    assert Deployment.current() > generation


def test_a_parameter_is_renamed(editor, url):
    data = posted(editor, url)
    data[f"{row(data, 'trust.password')}-name"] = "trust.secret"

    editor.post(url, data)

    assert transport_parameters("ws") == {"ws.outflow.dispatch.sequence": "answers", "trust.secret": "CANARY"}


def test_a_transport_is_added_with_its_parameters(editor, db):
    add = "/admin/artifacts/transportsender/add/"
    values = {"scheme": "https", "parameters-0-name": "a", "parameters-0-value": "b"}

    editor.post(add, posted(editor, add) | values)

    assert transport_parameters("https") == {"a": "b"}


def test_secrets_are_masked_for_who_may_only_view_and_in_lists(viewer, editor, url):
    assert b"CANARY" not in viewer.get(url).content
    assert b"CANARY" not in editor.get("/admin/artifacts/transportsender/").content
    assert b"CANARY" in editor.get(url).content


def test_a_saved_form_that_changes_nothing_leaves_the_generation(editor, url):
    generation = Deployment.current()

    editor.post(url, posted(editor, url))

    assert Deployment.current() == generation


def test_the_history_has_every_change_of_a_parameter_with_secrets_masked(editor, viewer, stranger, url):
    set_transport_parameters("ws", {"a": "1", "ws.trust.store.Password": "CANARY"}, replace=True)
    set_transport_parameters("ws", {"a": "2"}, replace=True)
    history = url.replace("change", "history")

    changes = [
        (change.record.name, change.record.history_type, change.value) for change in viewer.get(history).context["page"]
    ]

    assert ("a", "~", "2") in changes
    assert ("a", "+", "1") in changes
    assert ("ws.trust.store.Password", "-", "••••") in changes
    assert b"CANARY" not in editor.get(history).content
    assert stranger.get(history).status_code == 403
