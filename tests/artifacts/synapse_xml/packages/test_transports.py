import tomllib

import pytest

from artifacts.synapse_xml.packages import FoundTransport, Ignored, PackageError, write_deployment_toml
from artifacts.synapse_xml.packages.transports import read_axis2, read_deployment_toml
from mediation.payloads.xml import parse_xml
from mediation.transports.websocket.proxies import proxy_for, read_profiles

TOML = """
[server]
hostname = "localhost"

[transport.ws]
sender.enable = true
sender.outflow_dispatch_sequence = "outDispatchSeq"
sender.outflow_dispatch_fault_sequence = "fault"
sender.parameter.'ws.headers.preserve' = "Origin"
sender.parameter.plain.dotted = 7

[transport.wss]
sender.truststore_location = "/t.jks"
sender.truststore_password = "secret"
sender.surprise = 1

[transport.http]
listener.port = 8290

[transport.jms]
sender.enable = true
"""


def test_parameters_of_senders_are_read_and_the_rest_is_named():
    assert list(read_deployment_toml("deployment.toml", TOML.encode())) == [
        FoundTransport(
            "deployment.toml",
            5,
            "ws",
            {
                "ws.headers.preserve": "Origin",
                "plain.dotted": "7",
                "ws.outflow.dispatch.sequence": "outDispatchSeq",
                "ws.outflow.dispatch.fault.sequence": "fault",
            },
        ),
        FoundTransport(
            "deployment.toml",
            12,
            "wss",
            {"ws.trust.store.location": "/t.jks", "ws.trust.store.Password": "secret"},
        ),
        Ignored(
            "deployment.toml", "not used: server, transport.wss.sender.surprise, transport.http.listener, transport.jms"
        ),
    ]


def test_a_sender_that_is_switched_off_is_not_switched_off_in_silence():
    (found,) = read_deployment_toml("d.toml", b"[transport.ws]\nsender.enable = false")

    assert found == Ignored("d.toml", "not used: transport.ws.sender.enable = false")


@pytest.mark.parametrize(
    "content",
    [b"[transport.ws", b"\xff", b"transport = 1", b"x = " + b"[" * 5000],
    ids=["syntax", "utf-8", "type", "deep"],
)
def test_what_is_no_toml_is_refused(content):
    with pytest.raises(PackageError, match=r"^d\.toml: "):
        list(read_deployment_toml("d.toml", content))


def test_parameters_of_axis2_are_read():
    root = parse_xml(
        """<axisconfig name="AxisJava2.0">
  <transportReceiver name="http"/>
  <transportSender name="wss" class="org.x">
    <parameter name="ws.outflow.dispatch.sequence" locked="false"> out </parameter>
    <parameter name="ws.trust.store"><ws.trust.store.location>/t</ws.trust.store.location></parameter>
  </transportSender>
  <transportSender name="jms" class="org.x"/>
</axisconfig>"""
    )

    assert list(read_axis2("axis2.xml", root)) == [
        FoundTransport("axis2.xml", 3, "wss", {"ws.outflow.dispatch.sequence": "out", "ws.trust.store.location": "/t"}),
        Ignored("axis2.xml", 'the transport sender "jms" does not run in this version', 7),
        Ignored("axis2.xml", "only <transportSender> is taken from an axis2.xml"),
    ]


def test_a_transport_sender_may_stand_alone():
    (found,) = read_axis2(
        "ws.xml", parse_xml('<transportSender name="ws"><parameter name="a">b</parameter></transportSender>')
    )

    assert found == FoundTransport("ws.xml", 1, "ws", {"a": "b"})


@pytest.mark.parametrize("value", ["plain", "", 'quote " and \\', "two\nlines", "\x00\x1f\x7f", "ünï ✓ 😀"])
def test_what_is_written_is_read_again(value):
    transports = {"ws": {"ws.outflow.dispatch.sequence": value, "a.b 'c'": value}, "https": {value or "x": "y"}}

    text = write_deployment_toml(transports)

    tomllib.loads(text)
    assert {found.scheme: found.parameters for found in read_deployment_toml("d.toml", text.encode())} == transports


def test_proxy_profiles_of_axis2_are_kept_as_xml():
    profile = "<profile><targetHosts>*</targetHosts><proxyHost>p</proxyHost><proxyPort>3128</proxyPort></profile>"
    text = f'<parameter name="ws.proxyProfiles">{profile}{profile}</parameter>'
    (found,) = read_axis2("s.xml", parse_xml(f'<transportSender name="ws">{text}</transportSender>'))
    assert found.parameters == {"ws.proxyProfiles": f"{profile}\n{profile}"}


def test_proxy_profiles_of_api_manager_become_those_of_axis2():
    toml = r"""
[[transport.ws.proxy_profile]]
target_hosts = ["proxied\\.ws\\.local", "127\\.0\\.0\\.1"]
bypass_hosts = ["127\\.0\\.0\\.1"]
proxy_host = "squid"
proxy_port = 3128
proxy_username = "me & you"
proxy_password = "p"

[[transport.ws.proxy_profile]]
target_hosts = ["*"]
proxy_host = "squid"
proxy_port = 3129
"""
    (found,) = read_deployment_toml("d.toml", toml.encode())
    first, default = read_profiles(found.parameters["ws.proxyProfiles"])
    assert (first.proxy.host, first.proxy.port, first.proxy.user, first.proxy.password) == (
        "squid",
        3128,
        "me & you",
        "p",
    )
    assert [len(first.hosts), len(first.bypass), first.default] == [2, 1, False]
    assert default.default
    assert proxy_for("127.0.0.1", (first, default)) is None
    assert proxy_for("elsewhere", (first, default)).port == 3129


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ('{proxy_host = "p", surprise = 1}', "1: surprise is not known"),
        ('{target_hosts = ["a{1,2}"]}', "1: a comma in target_hosts separates patterns"),
        (
            '{proxy_host = "\\u0001"}',
            "1: All strings must be XML compatible: Unicode or ASCII, no NULL bytes or control characters",
        ),
        ("1", "1: is not a table"),
    ],
)
def test_a_proxy_profile_that_cannot_be_taken_over_as_a_whole_is_named(profile, reason):
    (ignored,) = read_deployment_toml("d.toml", f"[transport.wss]\nproxy_profile = [{profile}]".encode())
    assert ignored == Ignored("d.toml", f"not used: transport.wss.proxy_profile {reason}")


def test_parameters_that_mean_nothing_and_wrong_values_are_told():
    parameters = {"ws.connect.timeout": "soon", "ws.heartbeat": "x", "ws.http.reply": "first"}
    found = FoundTransport("deployment.toml", 3, "ws", parameters)
    assert [str(finding) for finding in found.findings()] == [
        'line 3: parameter ws.connect.timeout "soon" is not a number of seconds of at least 0.01',
        'line 3: parameter "ws.heartbeat" is not known; it is ignored',
    ]
    found = FoundTransport("deployment.toml", 3, "http", {"http.proxyPort": "80", "ws.http.reply": "first"})
    assert [finding.message for finding in found.findings()] == [
        'parameter "ws.http.reply" is not known; it is ignored'
    ]


def test_stores_of_the_https_sender_are_parameters_of_their_own():
    sender = """<transportSender name="https"><parameter name="truststore"><TrustStore>
        <Location>trust.jks</Location><Type>JKS</Type><Password>secret</Password></TrustStore></parameter>
        <parameter name="keystore"><KeyStore><Location>key.jks</Location><KeyPassword>k</KeyPassword></KeyStore>
        </parameter></transportSender>"""
    [found] = read_axis2("axis2.xml", parse_xml(sender))
    assert found.parameters == {
        "truststore.location": "trust.jks",
        "truststore.type": "JKS",
        "truststore.password": "secret",
        "keystore.location": "key.jks",
        "keystore.key.password": "k",
    }
