"""Serves a clock that tells the time to all connected WebSocket clients, and tries it with two of them."""

import json
import re
import sys
from pathlib import Path

import websocket

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

PORT = 9098


def steps(port: int, http: int) -> None:
    alice, bob, elsewhere = (connect(port, path) for path in ("time", "time", "elsewhere"))
    heard = [[json.loads(client.recv())["time"] for _ in range(3)] for client in (alice, bob)]
    told = all(re.fullmatch(r"\d\d:\d\d:\d\d", time) for times in heard for time in times)
    installation.check("clients hear the time, again and again", told, True)
    installation.check("each second is told once", [len(set(times)) for times in heard], [3, 3])
    elsewhere.settimeout(0.1)
    try:
        other = elsewhere.recv()
    except websocket.WebSocketTimeoutException:
        other = None
    installation.check("clients on another path hear nothing", other, None)


def connect(port: int, path: str) -> websocket.WebSocket:
    return websocket.create_connection(f"ws://localhost:{port}/{path}", timeout=10)


if __name__ == "__main__":
    installation.run(
        __file__,
        __doc__,
        PORT,
        steps,
        "\nListen with\n  .venv/bin/python manage.py wsclient ws://localhost:{port}/time",
    )
