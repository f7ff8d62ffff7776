"""Which back-end is reached through which HTTP proxy."""

import pytest

from mediation.errors import XmlError
from mediation.secret_reference import SecretUnavailable
from mediation.transports.websocket.proxies import HttpProxy, proxy_for, read_profiles


def profile(hosts, host="proxy.example", port="3128", more=""):
    return (
        f"<profile><targetHosts>{hosts}</targetHosts><proxyHost>{host}</proxyHost><proxyPort>{port}</proxyPort>"
        f"{more}</profile>"
    )


def chosen(host, *profiles):
    proxy = proxy_for(host, read_profiles("".join(profiles)))
    return proxy and proxy.host


def test_a_pattern_is_for_whole_host_names():
    assert chosen("a.example", profile(r"a\.example")) == "proxy.example"
    assert chosen("aa.example", profile(r"a\.example")) is None


def test_a_pattern_goes_before_the_asterisk_wherever_that_stands():
    profiles = profile("*", "all"), profile(r"a\..*", "first"), profile(r"a\.example", "second")
    assert chosen("a.example", *profiles) == "first"
    assert chosen("b.example", *profiles) == "all"


def test_the_first_of_several_profiles_counts():
    assert chosen("b.example", profile("*", "first"), profile("*", "second")) == "first"


def test_hosts_of_the_bypass_list_are_connected_directly():
    bypassing = profile("*", more="<bypass>localhost,10\\..*</bypass>")
    assert chosen("10.0.0.1", bypassing) is None
    assert chosen("a.example", bypassing) == "proxy.example"


def test_the_whole_parameter_of_axis2_is_read_too():
    assert len(read_profiles(f"<ws.proxyProfiles>{profile('*')}</ws.proxyProfiles>")) == 1


@pytest.mark.parametrize(
    "broken",
    [
        "<profile><proxyHost>p</proxyHost><proxyPort>1</proxyPort></profile>",
        profile("a", host=""),
        profile("a", port="70000"),
        profile("a", port="x"),
        profile("a("),
        profile("a", more="<bypass>(</bypass>"),
        "<other/>",
    ],
)
def test_a_profile_that_is_not_complete_is_left_out_with_a_warning(broken, caplog):
    assert [each.proxy.host for each in read_profiles(broken + profile("*", "right"))] == ["right"]
    assert "a profile is left out" in caplog.text


def test_what_is_no_xml_is_refused():
    with pytest.raises(XmlError):
        read_profiles("<profile>")


def test_credentials_are_sent_and_not_shown():
    proxy = HttpProxy("p", 1, "Aladdin", "open sesame")
    assert b"Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" in proxy.connect_request("h", 80)
    assert proxy.connect_request("::1", 80).startswith(b"CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n")
    assert "open sesame" not in repr(proxy)


def test_a_password_is_better_named_than_written(monkeypatch):
    monkeypatch.setenv("PROXY_PASSWORD", "open sesame")
    more = "<proxyUserName>Aladdin</proxyUserName><proxyPassword>$SYSTEM:PROXY_PASSWORD</proxyPassword>"
    (found,) = read_profiles(profile("*", more=more))
    assert b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" in found.proxy.connect_request("h", 80)
    monkeypatch.delenv("PROXY_PASSWORD")
    with pytest.raises(SecretUnavailable):
        found.proxy.connect_request("h", 80)
