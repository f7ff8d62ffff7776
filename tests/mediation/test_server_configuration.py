import pytest

from mediation.compiler import compile_artifact
from mediation.findings import Severity
from mediation.payloads.xml import parse_xml


@pytest.mark.parametrize("kind", ["registry", "taskManager"])
def test_configuration_of_the_originals_server_is_taken_and_said_to_have_no_effect(kind):
    compilation = compile_artifact(
        parse_xml(f'<{kind} provider="a.B"><parameter name="root">file:x</parameter></{kind}>')
    )

    assert compilation.artifact.provider == "a.B"
    [finding] = compilation.findings
    assert finding.severity is Severity.INFO
    assert "has no effect" in finding.message
