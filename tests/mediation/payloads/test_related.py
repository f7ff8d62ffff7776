import base64
from email import message_from_bytes

import pytest

from mediation.errors import PayloadError
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import to_text
from mediation.transports.http_message import content
from tests.mediation.support import DictEnvironment

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XOP = '<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a%40b"/>'
IMAGE = b"\x00\x01\xff\r\n--not-the-boundary"
BASE64 = base64.b64encode(IMAGE).decode()


def envelope(content: str) -> str:
    return f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{content}</e:Body></e:Envelope>'


def packed(root: str, *, first: bool = True, start: str = ' start="<root>";', encoding: str = "binary") -> Payload:
    image = IMAGE if encoding == "binary" else BASE64.encode()
    parts = [
        b'Content-Type: application/xop+xml; type="text/xml"\r\nContent-ID: <root>\r\n\r\n' + root.encode(),
        f"Content-Type: image/png\r\nContent-Transfer-Encoding: {encoding}\r\nContent-ID: <a@b>\r\n\r\n".encode()
        + image,
    ]
    ordered = parts if first else parts[::-1]
    raw = b"".join(b"--b\r\n" + part + b"\r\n" for part in ordered) + b"--b--\r\n"
    return Payload(raw, f'multipart/related; boundary=b;{start} type="application/xop+xml"')


def parts_of(body: bytes, content_type: str) -> list[tuple[str, bytes]]:
    whole = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert whole.is_multipart()
    return [(part.get_content_type(), part.get_payload(decode=True)) for part in whole.get_payload()]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("encoding", ["binary", "base64"])
def test_binary_content_is_seen_in_its_place(first: bool, encoding: str):
    payload = packed(envelope(f"<f>{XOP}</f>"), first=first, encoding=encoding)
    assert payload.first_child.text == BASE64
    assert payload.soap_version == "soap11"
    assert [(part.content_id, part.content_type, part.content) for part in payload.attachments] == [
        ("a@b", "image/png", IMAGE)
    ]


def test_without_a_start_the_first_part_is_the_root():
    assert packed(envelope("<f/>"), start="").first_child.tag == "f"


def test_a_package_that_nobody_changed_leaves_as_it_came():
    payload = packed(envelope(f"<f>{XOP}</f>"))
    assert payload.first_child is not None
    assert payload.format() == (payload.raw, payload.content_type)
    assert payload.format_package("mtom") == (payload.raw, payload.content_type)


def test_what_was_changed_leaves_as_one_document():
    payload = packed(envelope(f"<f>{XOP}</f>"))
    payload.first_child.set("a", "1")
    payload.changed()
    body, content_type = payload.format()
    assert content_type == "text/xml; charset=UTF-8"
    assert f'<f a="1">{BASE64}</f>'.encode() in body


def test_mtom_refers_to_the_content():
    payload = packed(envelope(f"<f>{XOP}</f>"))
    payload.first_child.set("a", "1")
    payload.changed()
    body, content_type = payload.format_package("mtom")
    (root_type, root), (image_type, image) = parts_of(body, content_type)
    assert (root_type, image_type, image) == ("application/xop+xml", "image/png", IMAGE)
    assert b'href="cid:a@b"' in root
    assert payload.first_child.text == BASE64, "the message itself stays as it is"
    again = Payload(body, content_type)
    assert again.first_child.text == BASE64


def test_soap_with_attachments_keeps_them_beside_a_new_body():
    payload = packed(envelope("<f/>"))
    payload.replace_body(None)
    body, content_type = payload.copy().format_package("swa")
    assert [kind for kind, _ in parts_of(body, content_type)] == ["text/xml", "image/png"]


@pytest.mark.parametrize(("flag", "kind"), [("enableMTOM", "application/xop+xml"), ("enableSwA", "text/xml")])
def test_a_property_packs_any_message(flag: str, kind: str):
    ctx = MessageContext(DictEnvironment(), Payload(envelope("<f/>"), "text/xml"))
    ctx.set(flag, "true", "axis2")
    ctx.headers.set("Content-Type", "text/xml")
    sent = content(ctx)
    assert sent.content_type is not None
    assert sent.content_type.startswith("multipart/related")
    assert [each for each, _ in parts_of(sent.body, sent.content_type)] == [kind]


def test_a_header_of_the_package_does_not_name_what_left_it():
    ctx = MessageContext(DictEnvironment(), packed(envelope(f"<f>{XOP}</f>")))
    ctx.headers.set("Content-Type", ctx.payload.content_type)
    ctx.payload.first_child.set("a", "1")
    ctx.payload.changed()
    assert content(ctx).content_type == "text/xml; charset=UTF-8"


@pytest.mark.parametrize(
    "payload",
    [
        packed(envelope("<f>" + XOP.replace("a%40b", "other") + "</f>")),
        packed(envelope("<f/>"), start=' start="<other>";'),
        Payload(b"--b--", "multipart/related; boundary=b"),
        Payload(b"x", "multipart/related"),
    ],
)
def test_a_package_that_is_wrong_cannot_be_read(payload: Payload):
    with pytest.raises(PayloadError):
        to_text(payload.envelope)
