"""The documentation says what is true: settings, commands, links, citations and configuration are those of the code."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environ
import pytest
from django.core.management import get_commands, load_command_class

from mediation.compiler import compile_artifact
from mediation.http_inbound import HttpInboundEndpoint
from mediation.inbound_endpoint import WITHOUT_EFFECT, InboundEndpoint
from mediation.message_processor import MessageProcessor
from mediation.parameters import declared_parameters
from mediation.payloads.xml import parse_xml
from mediation.polling_inbound import FileInboundEndpoint
from mediation.transports.http_parameters import HttpParameters
from mediation.transports.websocket.callers import CallerParameters
from mediation.transports.websocket.parameters import SenderParameters
from tests.esbsite.serving import ROOT

README = ROOT / "README.md"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(path for room in ("docs", "examples", "benchmarks") for path in (ROOT / room).rglob("*.md"))]
)
SOURCES = sorted(path for room in ("mediation", "artifacts", "esbsite") for path in (ROOT / room).rglob("*.py"))


# -- reading Markdown


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def rows(page: Path, heading: str) -> Iterator[list[str]]:
    """The tables of a section, row by row, without their heads."""
    text = page.read_text().partition(f"\n{heading}\n")[2]
    section = re.split(r"^#", text, maxsplit=1, flags=re.MULTILINE)[0]
    assert section, f"{page} has no section {heading}"
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        for row in table.splitlines()[2:]:
            yield [cell.strip() for cell in row.strip("|").split(" | ")]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def blocks(page: Path) -> list[str]:
    """Indented blocks, without their indentation."""
    found = re.findall(r"(?:^    .*\n)(?:(?:    .*)?\n)*", page.read_text(), re.MULTILINE)
    return ["\n".join(line[4:] for line in block.splitlines()) for block in found]


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)}


def commands(page: Path) -> list[str]:
    lines = [line.strip() for block in blocks(page) for line in block.splitlines()]
    return [line for line in lines if re.match(r"(\S*python )?manage\.py |manage ", line)]


# -- settings


@pytest.fixture
def defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The variables that ``settings.py`` reads, with the default of each."""
    recorded: dict[str, Any] = {}
    get_value = environ.Env.get_value

    def record(env: environ.Env, var: str, *args: Any, **kwargs: Any) -> Any:
        recorded[var] = kwargs["default"]
        return get_value(env, var, *args, **kwargs)

    monkeypatch.setattr(environ.Env, "get_value", record)
    monkeypatch.setenv("ESB_DATA_DIR", str(tmp_path))
    runpy.run_path(str(ROOT / "esbsite" / "settings.py"))
    for name in ("DATABASE_URL", "ESB_REGISTRY_DIR", "ESB_PROPERTIES_FILE", "ESB_SECRETS_DIR"):
        recorded[name] = recorded[name].replace(str(tmp_path), "var")
    return recorded


WORDS = {"none": "", "generated": "", "the directory of `manage.py`": str(ROOT)}


def said(cell: str) -> str:
    return WORDS[cell] if cell in WORDS else cell.strip("`")


def shown(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(default)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default:g}"
    return str(default).removeprefix(f"{ROOT}/")


def test_the_readme_names_every_setting_with_its_default(defaults):
    documented = {names(name)[0]: said(default) for name, default, *_ in rows(README, "## Settings")}

    assert documented == {name: shown(default) for name, default in defaults.items()}


# -- commands


def test_the_readme_names_every_command_of_ours():
    documented = {name.split()[0] for command, _ in rows(README, "## Commands") for name in names(command)}

    ours = {name for name, app in get_commands().items() if app in ("esbsite", "artifacts", "mediation")}
    assert ours <= documented
    assert documented <= set(get_commands())


def test_the_readme_names_every_option_of_an_import():
    documented = {option.split()[0] for cell, *_ in rows(README, "## Your own configuration") for option in names(cell)}

    parser = load_command_class("artifacts", "import_synapse").create_parser("manage.py", "import_synapse")
    common = load_command_class("artifacts", "export_synapse").create_parser("manage.py", "export_synapse")
    assert documented == {
        option for option in parser._option_string_actions if option not in common._option_string_actions
    }


@pytest.mark.parametrize(
    ("page", "command"), [(name_of(page), command) for page in PAGES for command in commands(page)]
)
def test_a_command_in_the_documentation_can_be_typed(page, command):
    words = shlex.split(command.removesuffix("&"), comments=True)
    words = words[words.index(next(word for word in words if word in ("manage", "manage.py"))) + 1 :]
    app = get_commands()[words[0]]
    parser = load_command_class(app if isinstance(app, str) else app.name, words[0]).create_parser(
        "manage.py", words[0]
    )
    arguments = parser.parse_args(words[1:])  # exits, which fails the test, if it is not understood

    for path in getattr(arguments, "paths", ()):
        assert not path.is_relative_to("examples") or (ROOT / path).exists()


# -- links and citations


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("page", ["compatibility.md", "operations.md", "websocket.md"])
def test_the_contents_of_a_long_page_are_its_sections(page):
    contents, *sections = re.split(r"^## (.+)$", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE)

    linked = re.findall(r"\]\(#([^)]+)\)", contents)
    assert linked == [anchor_of(heading) for heading in sections[::2]]


CITATION = re.compile(r"docs/(\w+\.md)(?:``)?(?:, (\w[\w '-]*)| \((\w[\w '-]*)\))?")
"""``docs/page.md``, section; or ``docs/page.md`` (section). Prose may follow."""


def words(text: str) -> str:
    return re.sub(r"[^\w ]", "", text.lower().replace("-", " ")).removeprefix("the ")


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_section_that_a_docstring_cites_is_there(source):
    for page, *sections in CITATION.findall(re.sub(r"\s*\n\s*(# )?", " ", source.read_text())):
        headings = [words(heading) for heading in re.findall(r"^#+ (.+)$", (ROOT / "docs" / page).read_text(), re.M)]
        cited = words("".join(sections))
        assert not cited or any(cited.startswith(heading) for heading in headings), f"{page}, {cited}"


# -- the language


def documented_xml() -> list[tuple[str, str]]:
    # The reference has parts of artifacts.
    pages = [page for page in PAGES if page.parent.name != "reference"]
    return [(name_of(page), block) for page in pages for block in blocks(page) if block.lstrip().startswith("<")]


@pytest.mark.parametrize(("page", "xml"), documented_xml())
def test_configuration_in_the_documentation_runs(page, xml):
    compilation = compile_artifact(parse_xml(xml))

    assert [str(finding) for finding in compilation.findings] == []
    assert compilation.artifact is not None


def test_parameters_of_inbound_endpoints_have_the_names_that_are_documented():
    documented = {name for row in rows(ROOT / "docs" / "websocket.md", "## Inbound endpoint") for name in names(row[0])}

    known = {declared.name for _, declared in declared_parameters(InboundEndpoint)} | set(WITHOUT_EFFECT)
    assert documented <= known


@pytest.mark.parametrize("cls", [InboundEndpoint, SenderParameters, CallerParameters])
def test_every_parameter_of_websocket_is_documented(cls):
    documented = set(names((ROOT / "docs" / "websocket.md").read_text()))

    assert {declared.name for _, declared in declared_parameters(cls)} <= documented


def test_every_parameter_of_the_http_senders_is_documented():
    documented = set(names((ROOT / "docs" / "compatibility.md").read_text()))

    assert {declared.name for _, declared in declared_parameters(HttpParameters)} <= documented


@pytest.mark.parametrize("cls", [MessageProcessor, FileInboundEndpoint, HttpInboundEndpoint])
def test_every_parameter_of_what_works_by_itself_is_documented(cls):
    documented = set(names((ROOT / "docs" / "compatibility.md").read_text()))

    assert {declared.name for _, declared in declared_parameters(cls)} <= documented
