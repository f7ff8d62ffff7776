import pytest

from mediation.expressions import compile_expression
from mediation.vault import Vault, vault
from tests.mediation.expressions.support import message, xml


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "db-password").write_text("s3cret\n")
    (tmp_path / ".hidden").write_text("hidden")
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_a_secret_is_the_file_of_that_name(directory):
    secrets = Vault()
    secrets.refresh(directory)

    assert secrets.lookup("db-password") == "s3cret"
    for alias in (".hidden", "binary", "folder", "nowhere", "../x"):
        with pytest.raises(ValueError, match="there is no secret"):
            secrets.lookup(alias)


def test_files_are_read_when_it_is_refreshed_and_not_before(directory):
    secrets = Vault()
    secrets.refresh(directory)
    (directory / "db-password").write_text("new")

    assert secrets.lookup("db-password") == "s3cret"
    secrets.refresh(directory)
    assert secrets.lookup("db-password") == "new"
    secrets.refresh(directory / "nowhere")
    with pytest.raises(ValueError, match="there is no secret"):
        secrets.lookup("db-password")


def test_an_environment_variable_is_taken_when_asked_for_but_not_the_server_s_own(monkeypatch):
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setenv("SECRET_KEY", "k")

    assert Vault().lookup("TOKEN", "ENV") == "t"
    with pytest.raises(ValueError, match="there is no secret"):
        Vault().lookup("SECRET_KEY", "ENV")


def test_expressions_look_secrets_up(directory):
    vault.refresh(directory)

    assert compile_expression("${wso2-vault('db-password')}", {}).string(message(xml("<a/>"))) == "s3cret"
    assert compile_expression("wso2:vault-lookup('db-password')", {}).string(message(xml("<a/>"))) == "s3cret"
