import pytest
from django.contrib.auth.models import User

CSS = "/static/admin/css/base.css"


async def test_assets_of_the_admin_are_served_without_debug(async_client, settings):
    assert not settings.DEBUG
    response = await async_client.get(CSS)

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/css")
    assert int(response["Content-Length"]) == len(response.content)


async def test_an_asset_that_is_known_is_not_sent_again(async_client):
    etag = (await async_client.get(CSS))["ETag"]
    response = await async_client.get(CSS, headers={"If-None-Match": etag})

    assert (response.status_code, response.content) == (304, b"")


async def test_a_head_has_no_body(async_client):
    response = await async_client.head(CSS)
    assert (response.status_code, response.content) == (200, b"")


def test_assets_are_served_to_synchronous_servers_too(client):
    assert client.get(CSS).status_code == 200


@pytest.mark.django_db
def test_the_front_page_leads_to_the_admin(client):
    client.force_login(User.objects.create_superuser("a"))
    response = client.get("/", follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert response.status_code == 200
