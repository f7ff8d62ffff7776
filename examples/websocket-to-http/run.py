"""Serves WebSocket clients whose messages are requests to an HTTP service, and tries it."""

import json
import sys
from pathlib import Path

import websocket

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

PORT = 9096


def steps(port: int, http: int) -> None:
    client = websocket.create_connection(f"ws://localhost:{port}/", timeout=10)
    client.send('{"symbol": "IBM"}')
    answer = json.loads(client.recv())
    installation.check("a frame is answered by the HTTP service", answer, {"symbol": "IBM", "price": 41.5})
    for number in range(100):
        client.send(json.dumps({"symbol": str(number)}))
    symbols = [json.loads(client.recv())["symbol"] for _ in range(100)]
    installation.check("answers come in the order of the questions", symbols, [str(number) for number in range(100)])
    client.send("{broken")
    installation.check("what cannot be read is told", "error" in json.loads(client.recv()), True)
    client.close()


if __name__ == "__main__":
    installation.run(
        __file__,
        __doc__,
        PORT,
        steps,
        '\nType questions such as {{"symbol": "IBM"}} into\n  .venv/bin/python manage.py wsclient ws://localhost:{port}/',
    )
