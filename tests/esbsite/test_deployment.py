"""A change of the configuration, in all processes that serve."""

import sys
import time

import websockets

from tests.esbsite.serving import ROOT, Product, until

RESPOND = '<sequence name="main"><respond/></sequence>'
CLOSE = """<sequence name="main"><property name="errorCode" value="4000"/><property name="ERROR_MESSAGE" value="new"/>
    <respond/></sequence>"""


def artifacts(main: str, port: int) -> dict[str, str]:
    inbound = f"""<inboundEndpoint name="test" protocol="ws" sequence="main"><parameters>
        <parameter name="inbound.ws.port">{port}</parameter>
        <parameter name="ws.inject.lifecycle">none</parameter></parameters></inboundEndpoint>"""
    return {"main": main, "test": inbound}


async def test_a_change_is_live_in_every_process_within_a_second_and_keeps_the_clients(product: Product, free_port):
    inbound = free_port()
    product.deploy(artifacts(RESPOND, inbound))
    # Two processes of one host cannot have the same address and port.
    other = Product(product.directory, product.http_port, ESB_HOST="127.0.0.2")
    mains = free_port(), free_port()

    def serve(installation: Product, port: int):
        return installation.run(sys.executable, ROOT / "manage.py", "serve", str(port), ports=(port,))

    with serve(product, mains[0]) as first, serve(other, mains[1]) as second:
        for process in (first, second):
            until(lambda process=process: f"ws port {inbound} open" in process.said(), "it serves")
        clients = [await websockets.connect(f"ws://{host}:{inbound}/") for host in ("127.0.0.1", "127.0.0.2")]
        for client in clients:
            await client.send("before")
            assert await client.recv() == "before"

        began = time.monotonic()
        said = product.deploy(artifacts(CLOSE, inbound), "--replace", "--wait")
        assert time.monotonic() - began < 10
        assert f":{first.pid}" in said
        assert f":{second.pid}" in said

        for client in clients:
            assert client.state is websockets.State.OPEN
            await client.send("after")
            await client.wait_closed()
            assert (client.close_code, client.close_reason) == (4000, "new")
