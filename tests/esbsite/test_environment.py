import pytest
from django.core.exceptions import ImproperlyConfigured

from esbsite.environment import Environment


@pytest.fixture
def env(tmp_path, monkeypatch):
    """What the settings would read with variables as given."""

    def read(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Environment(tmp_path / ".env")

    return read


def test_a_file_is_read_if_there_is_one_and_the_process_wins(tmp_path, monkeypatch, env):
    (tmp_path / ".env").write_text("FROM_FILE=1\nFROM_BOTH=1\n")
    monkeypatch.setenv("FROM_FILE", "of the test")
    monkeypatch.delenv("FROM_FILE")  # and gone again after it

    both = env(FROM_BOTH="2")

    assert (both.int("FROM_FILE"), both.int("FROM_BOTH")) == (1, 2)


def test_no_file_is_no_word_in_the_log(env, caplog):
    with caplog.at_level("DEBUG"):
        env()

    assert caplog.text == ""


@pytest.mark.parametrize("value", ["abc", "", "1.5"])
def test_a_value_that_cannot_be_read_is_told_with_its_variable(env, value):
    with pytest.raises(ImproperlyConfigured, match="The environment variable ESB_SOMETHING cannot be read"):
        env(ESB_SOMETHING=value).int("ESB_SOMETHING", default=1)


@pytest.mark.parametrize("value", ["65536", "-1"])
def test_what_is_no_port_is_told_with_what_is(env, value):
    with pytest.raises(ImproperlyConfigured, match=f"ESB_PORT={value} is no port: a number up to 65535"):
        env(ESB_PORT=value).port("ESB_PORT", default=1)


def test_networks_are_addresses_too(env):
    found = env(ESB_PROXIES="10.0.0.1, 2001:db8::/32").networks("ESB_PROXIES")
    assert [str(each) for each in found] == ["10.0.0.1/32", "2001:db8::/32"]
    with pytest.raises(ImproperlyConfigured, match=r"ESB_PROXIES: 10.0.0.1/8 has host bits set"):
        env(ESB_PROXIES="10.0.0.1/8").networks("ESB_PROXIES")


def test_port_zero_opens_none(env):
    assert env(ESB_PORT="0").port("ESB_PORT", default=1) == 0
