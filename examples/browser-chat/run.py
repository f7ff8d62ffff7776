"""Serves a chat for browsers, and tries it with two clients and an announcement."""

import sys
import urllib.request
from pathlib import Path

import websocket

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

PORT = 9095


def steps(port: int, http: int) -> None:
    page = urllib.request.urlopen(f"http://localhost:{http}/services/chatPage")
    served = page.headers["Content-Type"], str(port) in page.read().decode()
    installation.check("the page is served", served, ("text/html; charset=UTF-8", True))
    alice, bob, carol = (connect(port, http, room) for room in ("lobby", "lobby", "garden"))
    alice.send("hello")
    heard = [client.recv() for client in (alice, bob)]
    installation.check("what one says, all in the room hear", heard, ["hello", "hello"])
    request = urllib.request.Request(
        f"http://localhost:{http}/services/announce/garden", b"It rains.", {"Content-Type": "text/plain"}
    )
    installation.check("an announcement is taken", urllib.request.urlopen(request).status, 202)
    installation.check("it reaches its room, and no other", (carol.recv(), silent(alice)), ("It rains.", True))


def connect(port: int, http: int, room: str) -> websocket.WebSocket:
    # As a browser does whose page is on the port of proxy services.
    return websocket.create_connection(f"ws://localhost:{port}/{room}", origin=f"http://localhost:{http}", timeout=10)


def silent(client: websocket.WebSocket) -> bool:
    """Whether nothing came before this client's own next message."""
    client.send("still here")
    return client.recv() == "still here"


if __name__ == "__main__":
    installation.run(
        __file__,
        __doc__,
        PORT,
        steps,
        "\nOpen http://localhost:{http}/services/chatPage in two windows. An announcement:\n"
        "  curl -d 'Dinner is ready.' -H Content-Type:text/plain http://localhost:{http}/services/announce/lobby",
    )
