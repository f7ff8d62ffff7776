"""How the session of a message is told, and how long it lasts."""

import pytest

from mediation.endpoints import sessions
from mediation.endpoints.sessions import SESSIONS, HttpSessions, Sessions, SimpleClientSessions, SoapSessions
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.transports import Answer
from tests.mediation.support import DictEnvironment

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def request(cookie):
    return MessageContext(DictEnvironment(), headers=Headers([("Cookie", cookie)]))


def soap(header):
    return Payload(
        f'<e:Envelope xmlns:e="{SOAP}"><e:Header>{header}</e:Header><e:Body/></e:Envelope>'.encode(), "text/xml"
    )


@pytest.mark.parametrize(
    ("cookie", "session"),
    [
        ("JSESSIONID=1", "JSESSIONID=1"),
        ("lang=en; PHPSESSID=2; x=y", "PHPSESSID=2"),
        ("mine=3; lang=en", "mine=3"),
        ("", None),
    ],
)
def test_cookies_of_sessions_go_before_others(cookie, session):
    assert HttpSessions().of_request(request(cookie)) == session


def test_soap_headers():
    group = '<a:ServiceGroupId xmlns:a="http://ws.apache.org/namespaces/axis2">g1</a:ServiceGroupId>'
    client = '<s:ClientID xmlns:s="http://ws.apache.org/ns/synapse"> c1 </s:ClientID>'
    assert SoapSessions().of_answer(Answer(soap(f"<reply>{group}</reply>"))) == "g1"
    assert SimpleClientSessions().of_request(MessageContext(DictEnvironment(), soap(client))) == "c1"
    assert (
        SimpleClientSessions().of_request(MessageContext(DictEnvironment(), Payload(b"{}", "application/json"))) is None
    )
    assert set(SESSIONS) == {"http", "soap", "simpleClientSession"}


def test_a_session_that_is_not_used_ends():
    now = [0.0]
    known = Sessions(HttpSessions(), 10, lambda: now[0])
    known.delivered(1, request("JSESSIONID=1"), None)
    now[0] = 9
    assert known.child_for(request("JSESSIONID=1")) == 1
    known.delivered(1, request("JSESSIONID=1"), None)
    now[0] = 18
    assert known.child_for(request("JSESSIONID=1")) == 1
    now[0] = 30
    assert known.child_for(request("JSESSIONID=1")) is None
    assert len(known) == 0


def test_the_number_of_sessions_is_bounded(monkeypatch):
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)
    known = Sessions(HttpSessions())
    for number in range(3):
        known.delivered(0, request(f"JSESSIONID={number}"), None)
    assert len(known) == 2
    assert known.child_for(request("JSESSIONID=0")) is None
