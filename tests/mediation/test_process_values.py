from pathlib import Path

import pytest

from mediation.expressions import compile_expression
from mediation.process_values import PRIVATE, environment_variable, file_property, parse_properties
from tests.mediation.expressions.support import message


@pytest.fixture(autouse=True)
def file(monkeypatch, settings, tmp_path) -> Path:
    settings.ESB_PROPERTIES_FILE = str(tmp_path / "file.properties")
    (tmp_path / "file.properties").write_text("url = http://file:1/\nBOTH=of the file\n")
    monkeypatch.setenv("BOTH", "of the process")
    return tmp_path / "file.properties"


def test_properties_files_are_java_s():
    text = (
        "# comment\n! another\n\na=1\nb : two words \n  c\\ d = \\u00e9\\n\\\\\nlong=one \\\n    two\nempty=\nalone\n"
    )

    assert parse_properties(text) == {
        "a": "1",
        "b": "two words",
        "c d": "é\n\\",
        "long": "one two",
        "empty": "",
        "alone": "",
    }


@pytest.mark.parametrize("content", [b"\xff", b"a=" + b"x" * 1024 * 1024, None])
def test_a_file_that_cannot_be_read_has_no_properties(file, content):
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert file_property("url") is None
    assert file_property("a") is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("get-property('file', 'url')", "http://file:1/"),
        ("get-property('file', $ctx:name)", "http://file:1/"),
        ("get-property('file', 'nothing')", ""),
        ("get-property('env', 'BOTH')", "of the process"),
        ("${configs.BOTH}", "of the process"),
        ("${configs.url}", "http://file:1/"),
    ],
)
def test_expressions_read_them(expression, value):
    compiled = compile_expression(expression, {})
    assert (compiled.string(message(properties={"name": "url"})) or "") == value


def test_an_expression_keeps_the_property_that_it_was_compiled_with(file):
    compiled = compile_expression("get-property('file', 'url')", {})
    file.write_text("url=other")
    assert compiled.string(message()) == "http://file:1/"


@pytest.mark.parametrize("name", sorted(PRIVATE))
@pytest.mark.parametrize("expression", ["get-property('env', '%s')", "get-property('system', '%s')", "$sys:%s"])
def test_the_server_s_own_variables_are_nobody_else_s(monkeypatch, name, expression):
    monkeypatch.setenv(name, "canary")
    assert environment_variable(name) is None
    assert not compile_expression(expression % name, {}).string(message())
