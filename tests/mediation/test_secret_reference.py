"""Secrets that are named."""

import pytest

from mediation import secret_reference
from mediation.secret_reference import SecretReference, SecretUnavailable


def test_an_environment_variable(monkeypatch):
    monkeypatch.setenv("OUR_SECRET", "s3cret")
    assert SecretReference.parse("$SYSTEM:OUR_SECRET").resolve() == "s3cret"


def test_a_file_whose_last_line_ends(tmp_path):
    path = tmp_path / "secret"
    path.write_text("s3cret \n")
    assert SecretReference.parse(f"$FILE:{path}").resolve() == "s3cret "


@pytest.mark.parametrize("text", ["s3cret", "$s3cret", "$SYSTEM:", "$FILE:relative", "$VAULT:x", "SYSTEM:x", "$SYSTEM"])
def test_what_is_no_reference_is_not_repeated(text):
    with pytest.raises(ValueError) as caught:
        SecretReference.parse(text)
    assert "s3cret" not in str(caught.value)


def test_a_secret_that_is_not_there(tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.write_text("\n")
    large = tmp_path / "large"
    large.write_text("xx")
    monkeypatch.setattr(secret_reference, "MAX_SECRET", 1)
    for reference in ("$SYSTEM:NOT_SET_ANYWHERE", f"$FILE:{tmp_path}/none", f"$FILE:{empty}", f"$FILE:{large}"):
        with pytest.raises(SecretUnavailable, match="the secret \\$"):
            SecretReference.parse(reference).resolve()
