"""Serves a proxy service that stores orders until a warehouse takes them, and tries it."""

import itertools
import json
import queue
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import websocket

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

PORT, WAREHOUSE_PORT = 9099, 9101
ORDERS = list(range(20))


class Warehouse(BaseHTTPRequestHandler):
    """The back-end of this example. Yours is elsewhere."""

    received: queue.Queue[int] = queue.Queue()

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.put(order["order"])
        answer = json.dumps({"delivered": order["order"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def steps(port: int, http: int, warehouse: int) -> None:
    board = websocket.create_connection(f"ws://localhost:{port}/orders", timeout=10)
    url = f"http://localhost:{http}/services/orders"
    installation.check("orders are taken, though the warehouse is closed", {order(url, n) for n in ORDERS}, {202})
    installation.check("the board is alive, and tells of no delivery", list(json.loads(board.recv())), ["tick"])
    server = HTTPServer(("127.0.0.1", warehouse), Warehouse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    received = [Warehouse.received.get(timeout=30) for _ in ORDERS]
    installation.check("the warehouse opens, and gets them in their order", received, ORDERS)
    told = list(itertools.islice(deliveries(board), len(ORDERS)))
    installation.check("the board tells of each delivery", told, ORDERS)


def deliveries(board: websocket.WebSocket) -> Iterator[int]:
    """What the board tells of, without its ticks."""
    while True:
        told = json.loads(board.recv())
        if "delivered" in told:
            yield told["delivered"]


def order(url: str, number: int) -> int:
    body = json.dumps({"order": number}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
        return answer.status


if __name__ == "__main__":
    installation.run(
        __file__,
        __doc__,
        PORT,
        steps,
        "\nWatch the board with\n  .venv/bin/python manage.py wsclient ws://localhost:{port}/orders\nand order with\n"
        "  curl -d '{{\"order\": 20}}' -H Content-Type:application/json http://localhost:{http}/services/orders",
        back_port=WAREHOUSE_PORT,
    )
