from typing import Any

import pytest

from mediation.compiler import Compilation, compile_artifact
from mediation.payloads.xml import parse_xml
from tests.mediation.proxy_service_suite import proxy


def compiled(*inside: str) -> Compilation:
    return compile_artifact(parse_xml(proxy("p", "<respond/>").replace("</proxy>", "".join((*inside, "</proxy>")))))


@pytest.mark.parametrize(
    ("parameter", "wrapper"),
    [
        ('<parameter name="Wrapper">{urn:x}line</parameter>', "{urn:x}line"),
        ('<parameter name="Wrapper"> line </parameter>', "line"),
        ("", None),
    ],
)
def test_the_element_around_text_has_a_name(parameter: str, wrapper: Any):
    assert compiled(parameter).artifact.wrapper == wrapper


@pytest.mark.parametrize("name", ["", "a b", "{urn:x}", "{urn:x", "<a/>"])
def test_one_that_is_no_name_is_a_mistake(name: str):
    text = name.replace("<", "&lt;")
    [error] = compiled(f'<parameter name="Wrapper">{text}</parameter>').errors
    assert error.message == f'Wrapper "{name}" is not the name of an element'


def test_a_parameter_whose_value_lies_elsewhere_is_not_left_out_silently():
    [finding] = compiled('<parameter name="x" key="conf:/x"/>').not_runnable
    assert finding.message.startswith('parameter "x" with a registry key is kept')
