"""Makes certificates, serves this example, and tries who gets in. Nothing of your own installation is touched."""

import argparse
import contextlib
import os
import secrets
import ssl
import sys
import tempfile
import time
from pathlib import Path

import certificates
import websocket

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import installation

HERE = Path(__file__).resolve().parent
FRONT, BACK = 9443, 9444


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=FRONT, help=f"where clients connect ({FRONT})")
    parser.add_argument("--back-port", type=int, default=BACK, help=f"the port of the back-end ({BACK})")
    parser.add_argument("--main-port", type=int, default=8000, help="the port of the admin (8000)")
    options = parser.parse_args()
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="esb-example-") as directory:
        data = Path(directory)
        authority = certificates.make(data / "certificates", password)
        certificates.sign("mallory").write_pem(data / "certificates" / "mallory.pem")
        environment = os.environ | {
            "ESB_DATA_DIR": directory,
            "ESB_STORE_DIR": directory,
            "ESB_HTTP_PORT": "0",
            "ESB_HOST": "127.0.0.1",
            "STORE_PASSWORD": password,
        }
        installation.manage(environment, "migrate", "-v0")
        installation.manage(environment, "import_synapse", str(artifacts(data, options.port, options.back_port)))
        with installation.serving(environment, options.main_port, data / "log"):
            installation.until_it_accepts(options.port)
            installation.until_it_accepts(options.back_port)
            try_everybody(options.port, data / "certificates")
            renew(options.port, data / "certificates", authority, password)


def artifacts(data: Path, port: int, back_port: int) -> Path:
    """The files of the example, with these ports."""
    directory = data / "artifacts"
    directory.mkdir()
    for file in [*HERE.glob("*.xml"), HERE / "deployment.toml"]:
        text = file.read_text().replace(str(FRONT), str(port)).replace(str(BACK), str(back_port))
        (directory / file.name).write_text(text)
    return directory


def try_everybody(port: int, directory: Path) -> None:
    check("a client with a certificate", answer(port, directory, "alice.pem"), "CN=alice says: hello")
    check("a client without one", answer(port, directory), "refused")
    check("a client with one that it made itself", answer(port, directory, "mallory.pem"), "refused")
    check("a client that wants another host", answer(port, directory, "alice.pem", "127.0.0.1"), "refused")


def renew(port: int, directory: Path, authority: certificates.Signed, password: str) -> None:
    """Replace the server's certificate while a client is connected."""
    with contextlib.closing(connect(port, directory, "alice.pem")) as client:
        before = serial(client)
        certificates.sign("localhost", authority).write_pkcs12(directory / "server.p12", password)
        deadline = time.monotonic() + installation.PATIENCE
        while (after := later_serial(port, directory)) == before and time.monotonic() < deadline:
            time.sleep(0.1)
        client.send("still here")
        check("a client that stays when the certificate changes", client.recv(), "CN=alice says: still here")
        check("a client that comes later gets the new one", "yes" if after != before else "no", "yes")


def answer(port: int, directory: Path, certificate: str | None = None, host: str = "localhost") -> str:
    """What the back-end says to a client that shows this certificate."""
    try:
        with contextlib.closing(connect(port, directory, certificate, host)) as client:
            client.send("hello")
            return client.recv()
    except (OSError, websocket.WebSocketException):
        return "refused"


def connect(port: int, directory: Path, certificate: str | None = None, host: str = "localhost") -> websocket.WebSocket:
    context = ssl.create_default_context(cafile=directory / "authority.pem")
    if certificate is not None:
        context.load_cert_chain(directory / certificate)
    return websocket.create_connection(
        f"wss://{host}:{port}/", sslopt={"context": context}, suppress_origin=True, timeout=installation.PATIENCE
    )


def serial(client: websocket.WebSocket) -> str:
    return client.sock.getpeercert()["serialNumber"]


def later_serial(port: int, directory: Path) -> str:
    with contextlib.closing(connect(port, directory, "alice.pem")) as client:
        return serial(client)


def check(who: str, answer: str, expected: str) -> None:
    if answer != expected:
        sys.exit(f"FAIL  {who}: {answer}, not {expected}")
    print(f"PASS  {who}: {answer}", flush=True)


if __name__ == "__main__":
    main()
