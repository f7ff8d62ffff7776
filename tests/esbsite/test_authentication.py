"""Handshakes of the whole product: Django's users, on the port of an inbound endpoint and on the main port."""

import base64
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import websockets

from tests.conftest import reserved_ports
from tests.esbsite.serving import ROOT, Product

SEQUENCE = """<sequence name="main"><filter xpath="get-property('websocket.text.frame.present')"><then>
    <payloadFactory media-type="text"><format>$1 by $2</format><args><arg expression="get-property('websocket.user')"/>
    <arg expression="get-property('websocket.auth.scheme')"/></args></payloadFactory><respond/></then></filter>
    </sequence>"""
INBOUND = """<inboundEndpoint name="door" protocol="ws" sequence="main"><parameters>
    <parameter name="inbound.ws.port">{port}</parameter>
    <parameter name="ws.auth">basic session bearer</parameter>
    <parameter name="ws.auth.groups">chat users</parameter></parameters></inboundEndpoint>"""
PEOPLE = """
from django.contrib.auth.models import Group, User
from django.test import Client
from artifacts.models import AccessToken
alice = User.objects.create_user("alice", password="correct horse")
alice.groups.add(Group.objects.create(name="chat users"))
User.objects.create_user("bob", password="correct horse")
client = Client()
client.force_login(alice)
row = AccessToken(user=alice, name="robot")
token = row.make()
row.save()
print("KEYS", client.cookies["sessionid"].value, token)
"""


class Doors(NamedTuple):
    urls: dict[str, str]
    session: str
    token: str
    product: Product


@pytest.fixture(scope="module")
def doors(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with reserved_ports() as free_port:
        main, inbound = free_port(), free_port()
        directory = tmp_path_factory.mktemp("authentication") / "var"
        shutil.copytree(migrated, directory)
        product = Product(directory, free_port(), ESB_AUTH_TRUST_SECONDS="0.5")
        product.deploy({"main": SEQUENCE, "door": INBOUND.format(port=inbound)})
        _, session, token = product.manage("shell", "-v0", "-c", PEOPLE).partition("KEYS")[2].split(" ", 2)
        urls = {"port": f"ws://127.0.0.1:{inbound}/", "main port": f"ws://127.0.0.1:{main}/inbound/door/"}
        with product.run(sys.executable, ROOT / "manage.py", "serve", str(main), ports=(main, inbound)):
            yield Doors(urls, session.strip(), token.strip(), product)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def told(url: str, headers: dict[str, str]) -> str:
    async with websockets.connect(url, additional_headers=headers) as client:
        await client.send("who am I?")
        return str(await client.recv())


async def refused(url: str, headers: dict[str, str]):
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(url, additional_headers=headers)
    return caught.value.response


both = pytest.mark.parametrize("way", ["port", "main port"])


@both
async def test_everybody_with_a_credential_of_a_member_is_let_in(doors, way):
    url = doors.urls[way]
    page = {"Origin": "http://127.0.0.1:8000"}

    assert await told(url, basic("alice", "correct horse")) == "alice by basic"
    assert await told(url, {"Cookie": f"sessionid={doors.session}"} | page) == "alice by session"
    assert await told(url, {"Authorization": f"Bearer {doors.token}"}) == "alice by bearer"


@both
async def test_others_are_refused_before_the_101(doors, way):
    url = doors.urls[way]

    wrong = await refused(url, basic("alice", "wrong"))
    assert wrong.status_code == 401
    assert wrong.headers.get_all("WWW-Authenticate") == ['Basic realm="door", charset="UTF-8"', 'Bearer realm="door"']
    assert wrong.body == b"The credentials are wrong"
    assert (await refused(url, {})).status_code == 401
    assert (await refused(url, basic("bob", "correct horse"))).status_code == 403
    assert (await refused(url, {"Cookie": f"sessionid={doors.session}"})).status_code == 403
    evil = {"Cookie": f"sessionid={doors.session}", "Origin": "http://evil.example"}
    assert (await refused(url, evil)).status_code == 403


async def test_a_revoked_token_ends_its_connections(doors):
    headers = {"Authorization": f"Bearer {doors.token}"}
    async with websockets.connect(doors.urls["port"], additional_headers=headers) as client:
        doors.product.manage(
            "shell", "-v0", "-c", "from artifacts.models import AccessToken; AccessToken.objects.get().revoke()"
        )
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (1008, "no longer allowed to be connected")
    assert (await refused(doors.urls["port"], headers)).status_code == 401
