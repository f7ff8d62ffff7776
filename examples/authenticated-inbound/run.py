"""Serves this example, and tries every way in. Nothing of your own installation is touched."""

import argparse
import base64
import contextlib
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

import jwt
import websocket

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

HERE = Path(__file__).resolve().parent
PORT = 9094

PEOPLE = """
from django.contrib.auth.models import Group, User
from django.test import Client
from artifacts.models import AccessToken
alice = User.objects.create_user("alice", password="{password}")
alice.groups.add(Group.objects.create(name="members"))
User.objects.create_user("bob", password="{password}")
browser = Client()
browser.force_login(alice)
row = AccessToken(user=alice, name="robot")
token = row.make()
row.save()
print("KEYS", browser.cookies["sessionid"].value, token)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"where clients connect ({PORT})")
    parser.add_argument("--main-port", type=int, default=8000, help="the port of the admin (8000)")
    options = parser.parse_args()
    password, secret = secrets.token_urlsafe(9), secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="esb-example-") as data:
        environment = os.environ | {
            "ESB_DATA_DIR": data,
            "ESB_HTTP_PORT": "0",
            "ESB_HOST": "127.0.0.1",
            "MEMBERS_JWT_SECRET": secret,
        }
        installation.manage(environment, "migrate", "-v0")
        for artifact in ("greet.xml", "members.xml"):
            text = (HERE / artifact).read_text().replace(f">{PORT}<", f">{options.port}<")
            Path(data, artifact).write_text(text)
            installation.manage(environment, "import_synapse", str(Path(data, artifact)))
        said = installation.manage(environment, "shell", "-v0", "-c", PEOPLE.format(password=password))
        _, session, token = said[said.index("KEYS") :].split()
        with installation.serving(environment, options.main_port, Path(data, "log")):
            try_every_way(options.port, password, session, token, secret)


def try_every_way(port: int, password: str, session: str, token: str, secret: str) -> None:
    url = f"ws://127.0.0.1:{port}/"
    installation.until_it_accepts(port)
    page = f"http://127.0.0.1:{port}"
    claims = {"iss": "https://id.example", "aud": "members", "sub": "carol", "groups": ["members"]}
    good = jwt.encode(claims | {"exp": int(time.time()) + 60}, secret, "HS256")
    old = jwt.encode(claims | {"exp": int(time.time()) - 600}, secret, "HS256")
    foreign = jwt.encode(claims | {"exp": int(time.time()) + 60}, secrets.token_urlsafe(32), "HS256")

    check("a user with her password", greeting(url, basic("alice", password)), "Hello alice (members, by basic)")
    check("a token of the admin", greeting(url, bearer(token)), "Hello alice (members, by bearer)")
    check("a JWT", greeting(url, bearer(good)), "Hello carol (members, by bearer)")
    logged_in = greeting(url, f"Cookie: sessionid={session}", origin=page)
    check("a page of this host, and a login", logged_in, "Hello alice (members, by session)")
    check("nobody", greeting(url), 401)
    check("a wrong password", greeting(url, basic("alice", "wrong")), 401)
    check("a JWT that has expired", greeting(url, bearer(old)), 401)
    check("a JWT that somebody else has signed", greeting(url, bearer(foreign)), 401)
    check("a user who is no member", greeting(url, basic("bob", password)), 403)
    elsewhere = greeting(url, f"Cookie: sessionid={session}", origin="https://evil.example")
    check("a page of another host, and a login", elsewhere, 403)


def greeting(url: str, header: str | None = None, origin: str | None = None) -> str | int:
    """What the endpoint says to such a client, or the status that it is refused with."""
    try:
        client = websocket.create_connection(
            url,
            header=[header] if header else [],
            origin=origin,
            suppress_origin=origin is None,
            timeout=installation.PATIENCE,
        )
    except websocket.WebSocketBadStatusException as refused:
        return refused.status_code
    with contextlib.closing(client):
        client.send("hello")
        return client.recv()


def basic(user: str, password: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def check(who: str, answer: str | int, expected: str | int) -> None:
    if answer != expected:
        sys.exit(f"FAIL  {who}: {answer}, not {expected}")
    print(f"PASS  {who}: {answer}", flush=True)


if __name__ == "__main__":
    main()
