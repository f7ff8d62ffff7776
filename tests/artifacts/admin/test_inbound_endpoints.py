from artifacts.models import InboundEndpoint

from .conftest import change_url, posted, staff


def test_who_may_only_view_sees_the_parameters_and_no_secrets(viewer, rows):
    html = viewer.get(change_url(rows["inboundendpoint"])).content.decode()

    assert "keystore.password" in html
    assert "CANARY" not in html
    assert 'name="parameters-0-value"' not in html


def test_who_may_only_add_can_fill_in_parameters(db):
    adder, url = staff("adder", "view", "add"), "/admin/artifacts/inboundendpoint/add/"

    adder.post(url, posted(adder, url) | {"name": "door", "parameters-0-value": "9100"})

    assert InboundEndpoint.objects.get().port == 9100


def test_an_endpoint_of_another_protocol_has_no_url(admin_client, rows):
    InboundEndpoint.objects.update(protocol="jms")

    assert "ws://" not in admin_client.get("/admin/artifacts/inboundendpoint/").content.decode()
