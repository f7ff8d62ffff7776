"""What the parameters of the senders http and https mean."""

import pytest

from mediation.transports.http_parameters import DEFAULTS, http_parameters
from mediation.transports.remarks import sender_remarks


def test_without_parameters_the_defaults_count():
    assert http_parameters({}) is DEFAULTS
    assert (DEFAULTS.connect_timeout, DEFAULTS.max_answer) == (10.0, 16 * 1024 * 1024)


def test_times_are_milliseconds():
    assert http_parameters({"http.connection.timeout": "1500"}).connect_timeout == 1.5


@pytest.mark.parametrize(
    ("host", "proxied"),
    [("shop.example", True), ("localhost", False), ("a.inside", False), ("inside", True), ("xlocalhost", True)],
)
def test_hosts_that_are_reached_without_the_proxy(host, proxied):
    parameters = http_parameters({"http.proxyHost": "p", "http.nonProxyHosts": "LOCALHOST | *.inside"})
    assert parameters.has_proxy_for(host) is proxied
    assert not DEFAULTS.has_proxy_for(host)


def test_a_wrong_value_is_said_and_its_default_counts():
    texts = {"http.proxyPort": "many", "HostnameVerifier": "Sometimes", "nonsense": "1", "non-blocking": "true"}
    assert sender_remarks("https", texts) == [
        'parameter http.proxyPort "many" is not a whole number from 1 to 65535',
        'parameter HostnameVerifier "Sometimes" is not one of Default, DefaultAndLocalhost, Strict, AllowAll',
        'parameter "nonsense" is not known; it is ignored',
    ]
    assert http_parameters(texts).proxy_port == 80
