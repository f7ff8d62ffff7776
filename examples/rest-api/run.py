"""Serves a REST API in front of a SOAP service, and tries it."""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

PORT = 9100  # of the SOAP service


def steps(port: int, http: int) -> None:
    url = f"http://localhost:{http}/quotes/IBM"
    installation.check("a quote in JSON", ask(url)[:2], (200, {"symbol": "IBM", "price": 41.5}))
    accepted = {"symbol": "IBM", "quantity": 100, "status": "accepted"}
    installation.check("an order in JSON", ask(f"{url}/orders", {"quantity": 100})[:2], (201, accepted))
    unknown = f"http://localhost:{http}/quotes/NONE"
    installation.check("a SOAP fault is an error in JSON", ask(unknown)[:2], (502, {"error": "No such symbol"}))
    installation.check("no such resource is a 404", ask(f"{url}/no/such")[0], 404)
    installation.check("another method is a 405", ask(f"{url}/orders", method="DELETE")[0], 405)
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    status, _, allowed = ask(f"{url}/orders", method="OPTIONS", headers=asked)
    installation.check("pages of the shop may call it", (status, allowed), (200, "https://shop.example"))
    elsewhere = ask(url, headers={"Origin": "https://elsewhere.example"})[2]
    installation.check("pages of other sites may not read it", elsewhere, None)


def ask(
    url: str, content: object = None, *, method: str | None = None, headers: dict[str, str] | None = None
) -> tuple[int, object, str | None]:
    """The status, what the JSON says, and which origin may read it."""
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"} | (headers or {}), method=method)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        text = answer.read()
        return answer.status, json.loads(text) if text else None, answer.headers["Access-Control-Allow-Origin"]


if __name__ == "__main__":
    installation.run(
        __file__,
        __doc__,
        PORT,
        steps,
        "\nAsk with\n  curl http://localhost:{http}/quotes/IBM\n  curl -d '{{\"quantity\": 100}}'"
        " -H Content-Type:application/json http://localhost:{http}/quotes/IBM/orders",
    )
