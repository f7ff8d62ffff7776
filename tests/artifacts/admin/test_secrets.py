import pytest

from artifacts.admin.secrets import MASK, mask_url, mask_value, mask_xml


@pytest.mark.parametrize(
    "xml",
    [
        '<p><parameter name="keystore.Password">CANARY</parameter></p>',
        '<s><property name="api_token" value="CANARY"/></s>',
        '<s><property name="secret" expression="\'CANARY\'"/></s>',
        '<e><auth password="CANARY"/></e>',
        "<e><clientSecret>CANARY</clientSecret></e>",
        '<e><address uri="http://user:CANARY@host/"/></e>',
        "<!-- http://user:CANARY@host/ --><e/>",
    ],
)
def test_secrets_are_not_in_the_masked_text(xml):
    assert "CANARY" in xml
    assert "CANARY" not in mask_xml(xml)
    assert MASK in mask_xml(xml)


@pytest.mark.parametrize(
    "xml",
    [
        '<s name="token-check"><log/></s>',
        '<e><address uri="http://host:80/a@b"/></e>',
        '<p><parameter name="secret"/></p>',
    ],
)
def test_what_is_no_secret_stays(xml):
    assert mask_xml(xml) == xml


def test_values_are_masked_by_their_name():
    assert mask_value("ws.ssl.key.store.pass", "CANARY") == MASK
    assert mask_value("port", "9091") == "9091"
    profile = "<profile><proxyUserName>esb</proxyUserName><proxyPassword>CANARY</proxyPassword></profile>"
    assert mask_value("ws.proxyProfiles", profile) == profile.replace("CANARY", MASK)


def test_the_password_of_a_url_is_masked():
    assert mask_url("wss://user:CANARY@host:1/x") == f"wss://user:{MASK}@host:1/x"
