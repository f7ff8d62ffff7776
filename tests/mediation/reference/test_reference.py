import re
from pathlib import Path

import pytest
from django.core.management import call_command

from mediation.grammar import ARTIFACTS, KNOWN_MEDIATORS
from mediation.payloads.xml import parse_xml
from mediation.reference import pages

DIRECTORY = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_is_what_the_code_says(name):
    assert (DIRECTORY / name).read_text() == pages()[name], "run: manage.py generate_reference"


def test_there_are_no_other_pages():
    assert {path.name for path in DIRECTORY.iterdir()} == set(pages())


def test_the_command_writes_them(tmp_path):
    call_command("generate_reference", tmp_path / "reference", verbosity=0)

    assert {path.name: path.read_text() for path in (tmp_path / "reference").iterdir()} == pages()


def test_every_mediator_and_artifact_is_there():
    assert [name for name in KNOWN_MEDIATORS if f"`{name}`" not in pages()["mediators.md"]] == []
    assert [kind for kind in ARTIFACTS if f"`<{kind}>`" not in pages()["artifacts.md"]] == []


def test_examples_are_well_formed():
    for text in pages().values():
        for example in re.findall(r"```xml\n(.*?)\n```", text, re.DOTALL):
            parse_xml(f"<examples>{example}</examples>")
