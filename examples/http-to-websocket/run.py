"""Serves HTTP clients whose requests are answered by a WebSocket back-end, and tries it."""

import json
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

PORT = 9097


def steps(port: int, http: int) -> None:
    url = f"http://localhost:{http}/services/stockQuote"
    expected = (200, {"id": 1, "symbol": "IBM", "price": 41.5})
    installation.check("a request is answered by the WebSocket back-end", ask(url, 1, "IBM"), expected)
    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(lambda number: ask(url, number, str(number))[1]["id"], range(100)))
    installation.check("each of many callers gets its own answer", answers, list(range(100)))
    installation.check("no answer in time is a 504", ask(url, 1, "none"), (504, None))


def ask(url: str, number: int, symbol: str) -> tuple[int, object]:
    body = json.dumps({"id": number, "symbol": symbol}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, None


if __name__ == "__main__":
    installation.run(
        __file__,
        __doc__,
        PORT,
        steps,
        '\nAsk with\n  curl -d \'{{"id": 1, "symbol": "IBM"}}\' -H Content-Type:application/json'
        " http://localhost:{http}/services/stockQuote",
    )
