"""``FORCE_ERROR_ON_SOAP_FAULT``: answers that are failures."""

import pytest

from mediation.errors import SoapFaultReceived
from mediation.payloads import Payload
from mediation.transports import Answer

from .support import endpoint, message

URI = "http://h/"
SOAP11 = b"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>"""
SOAP12 = SOAP11.replace(b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope")
FAULT11 = b"<e:Fault><faultcode>e:Server</faultcode><faultstring>out of stock</faultstring></e:Fault>"
FAULT12 = b"<e:Fault><e:Code/><e:Reason><e:Text>out of stock</e:Text></e:Reason></e:Fault>"

ANSWERS = [
    (SOAP11 % FAULT11, "text/xml", 500, "soap11", "out of stock"),
    (SOAP11 % FAULT11, "text/xml", 200, "", "out of stock"),
    (SOAP12 % FAULT12, "application/soap+xml", 500, "soap12", "out of stock"),
    (b"<html/>", "text/html", 404, "soap12", "404 Not Found"),
    (b"<html/>", "text/html", 404, "", None),
    (b"<html/>", "text/html", 200, "soap12", None),
    (SOAP11 % b"<a/>", "text/xml", 500, "soap11", None),
    (b'{"Fault": 1}', "application/json", 500, "", None),
]


@pytest.mark.parametrize(("body", "content_type", "status", "format_", "reason"), ANSWERS)
@pytest.mark.parametrize("force", ["true", "false"])
async def test_a_fault_is_a_failure_if_the_property_says_so(
    network, body, content_type, status, format_, reason, force
):
    network.says[URI] = Answer(Payload(body, content_type), status, "Not Found" if status == 404 else "")
    target = endpoint(f'<address uri="{URI}"' + (f' format="{format_}"' if format_ else "") + "/>")
    ctx = message()
    ctx.set("FORCE_ERROR_ON_SOAP_FAULT", force)
    if force == "false" or reason is None:
        assert await target.send(ctx) is network.says[URI]
        return
    with pytest.raises(SoapFaultReceived) as failure:
        await target.send(ctx)
    assert (failure.value.code, failure.value.message) == (500000, reason)
    assert not target.is_ready(ctx)
