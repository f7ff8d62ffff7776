import zipfile

import pytest

from artifacts.importing import Options, import_paths
from artifacts.models import Deployment
from artifacts.registry import registry_directory
from artifacts.reporting import Outcome
from artifacts.store import all_artifacts, find_artifact, save_artifact, transport_parameters

pytestmark = pytest.mark.django_db

LEVELS = "ws.client.side.broadcast.level takes 0, 1 or 2"
GOOD = '<sequence name="{}"><drop/></sequence>'
OTHER = '<sequence name="{}"><respond/></sequence>'
INBOUND = """<inboundEndpoint name="i" protocol="ws" sequence="a" onError="fault">
<parameters>
<parameter name="inbound.ws.port">{port}</parameter>
<parameter name="ws.outflow.dispatch.sequence">a</parameter>
<parameter name="ws.client.side.broadcast.level">{level}</parameter>
</parameters></inboundEndpoint>"""


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    return write


def run(*paths, **options):
    return import_paths(paths, Options(**options))


def outcomes(*paths, **options):
    return [
        (entry.name or entry.kind, str(entry.outcome)) for report in run(*paths, **options) for entry in report.entries
    ]


def findings(*paths, **options):
    return [str(finding) for report in run(*paths, **options) for entry in report.entries for finding in entry.findings]


def stored():
    return {row.name for row in all_artifacts()}


# -- one artifact


def test_an_artifact_is_created_then_unchanged(write):
    path = write("a.xml", GOOD.format("a"))

    assert outcomes(path) == [("a", "created")]
    assert outcomes(path) == [("a", "unchanged")]
    assert find_artifact("sequence", "a").source == str(path)


def test_a_different_artifact_of_the_name_is_a_clash_and_stays(write):
    save_artifact(GOOD.format("a"), source="admin")
    path = write("a.xml", OTHER.format("a"))

    (report,) = run(path)

    assert report.failed
    assert [str(finding) for finding in report.entries[0].findings] == [
        "a different one of this name exists, from admin; replace (--replace) takes this one"
    ]
    assert find_artifact("sequence", "a").xml == GOOD.format("a")


def test_replace_takes_the_different_artifact(write):
    save_artifact(GOOD.format("a"))

    assert outcomes(write("a.xml", OTHER.format("a")), replace=True) == [("a", "changed")]
    assert find_artifact("sequence", "a").xml == OTHER.format("a")


def test_a_faulty_artifact_is_stored_with_its_reason_and_is_no_failure(write):
    path = write("a.xml", '<sequence name="a">\n<log level="fll"/></sequence>')

    (report,) = run(path)

    assert [entry.outcome for entry in report.entries] == [Outcome.FAULTY]
    assert str(report.entries[0].findings[0]) == (
        'line 2: <log> level "fll" is not one of simple, headers, full, custom'
    )
    assert not report.failed
    assert stored() == {"a"}


def test_a_faulty_new_version_leaves_the_old_one_being_served(write):
    save_artifact(GOOD.format("a"))

    (report,) = run(write("a.xml", '<sequence name="a"><log level="fll"/></sequence>'), replace=True)

    assert report.entries[0].note == "changed, version 1 goes on being served"


def test_what_does_not_run_yet_is_stored_and_said(write):
    path = write("a.xml", '<eventSource name="a" xmlns="http://ws.apache.org/ns/synapse"/>')

    assert outcomes(path) == [("a", "not runnable")]
    assert stored() == {"a"}


def test_an_unknown_attribute_is_a_warning(write):
    path = write("a.xml", '<sequence name="a">\n<log levl="full"/></sequence>')

    assert outcomes(path) == [("a", "warning")]
    assert findings(path) == ['line 2: <log> does not know the attribute "levl"; it is ignored']


def test_an_artifact_without_a_name_is_rejected_alone(write):
    path = write("s.xml", "<definitions>\n<sequence/>\n<sequence name='a'><drop/></sequence></definitions>")

    assert outcomes(path) == [("sequence", "rejected"), ("a", "created")]
    assert findings(path) == ['line 2: <sequence> needs the attribute "name"']


def test_a_missing_reference_is_a_warning_with_the_line_of_the_file(write):
    path = write("s.xml", '<definitions>\n\n<sequence name="a">\n<sequence key="b"/></sequence></definitions>')

    assert findings(path) == ["line 4: sequence b is not deployed; it is looked up when a message needs it"]


def test_a_reference_to_a_later_path_is_not_missing(write):
    first = write("a.xml", '<sequence name="a"><sequence key="b"/></sequence>')

    assert outcomes(first, write("b.xml", GOOD.format("b"))) == [("a", "created"), ("b", "created")]


# -- one path


def test_a_path_is_one_transaction(write):
    good = write("good.xml", GOOD.format("good"))
    write("dir/a.xml", GOOD.format("a"))
    bad = write("dir/b.xml", "<sequence name='b'>")

    reports = run(good, bad.parent)

    assert [report.failed for report in reports] == [False, True]
    assert reports[1].entries[0].place == f"{bad}:1"
    assert stored() == {"good"}


def test_the_generation_rises_when_something_changed_and_only_then(write):
    path = write("a.xml", GOOD.format("a"))
    before = Deployment.current()

    run(path)
    after = Deployment.current()
    run(path)

    assert before < after == Deployment.current()


def test_the_same_artifact_twice_in_a_path_is_fine_and_a_different_one_a_clash(write):
    path = write("s.xml", f"<definitions>{GOOD.format('a')}{GOOD.format('a')}\n{OTHER.format('a')}</definitions>")

    assert outcomes(path, replace=True) == [("a", "created"), ("a", "unchanged"), ("a", "clash")]
    assert f"there is a different one of this name in {path}:1" in findings(path, replace=True)[0]


def test_the_parameters_of_transports_are_set(write):
    path = write("deployment.toml", "[transport.ws]\nsender.outflow_dispatch_sequence = 'mine'")

    assert outcomes(path) == [("ws", "changed")]
    assert outcomes(path) == [("ws", "unchanged")]
    assert transport_parameters("ws")["ws.outflow.dispatch.sequence"] == "mine"


def test_files_that_are_not_configuration_are_named(write):
    write("a.xml", GOOD.format("a"))
    path = write("readme.txt", "")

    (report,) = run(path.parent)

    assert (report.entries[-1].outcome, report.entries[-1].place) == (Outcome.IGNORED, str(path))


# -- options


def test_a_dry_run_says_the_same_and_changes_nothing(write):
    save_artifact(GOOD.format("old"))
    before = Deployment.current()
    paths = [write("1/a.xml", GOOD.format("a")), write("2/a.xml", OTHER.format("a"))]

    assert outcomes(*paths, dry_run=True, prune=True, replace=True) == [
        ("a", "created"),
        ("a", "changed"),
        ("old", "removed"),
    ]
    assert stored() == {"old"}
    assert Deployment.current() == before


@pytest.mark.parametrize(
    "bad",
    [
        '<sequence name="b"><log level="fll"/></sequence>',
        '<sequence name="b"><log levl="full"/></sequence>',
        "<sequence/>",
    ],
    ids=["faulty", "warning", "nameless"],
)
def test_a_strict_import_takes_a_path_only_without_a_fault_or_warning(write, bad):
    write("dir/a.xml", GOOD.format("a"))
    directory = write("dir/b.xml", bad).parent

    (report,) = run(write("c.xml", GOOD.format("c")), directory, strict=True)[1:]

    assert {entry.outcome for entry in report.entries} == {Outcome.REJECTED}
    assert (report.entries[0].note, report.entries[-1].note) == ("created", "strict: nothing of it is imported")
    assert stored() == {"c"}


def test_pruning_removes_what_no_path_contains_but_no_transports(write):
    for name in ("a", "b", "old"):
        save_artifact(GOOD.format(name))
    save_artifact('<localEntry key="e">x</localEntry>')
    transports = transport_parameters("ws")

    result = outcomes(write("a.xml", GOOD.format("a")), write("b.xml", OTHER.format("b")), prune=True)

    assert result == [("a", "unchanged"), ("b", "clash"), ("e", "removed"), ("old", "removed")]
    assert stored() == {"a", "b"}
    assert transport_parameters("ws") == transports != {}


def test_nothing_is_pruned_when_a_path_was_rejected(write):
    save_artifact(GOOD.format("old"))

    assert outcomes(write("a.xml", GOOD.format("a")), write("b.xml", "<sequence"), prune=True) == [
        ("a", "created"),
        ("path", "rejected"),
        ("--prune", "rejected"),
    ]
    assert stored() == {"a", "old"}


# -- bad input: each gets its message, and the rest is not harmed


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", b" " * 2_000_000)


def escaping(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.xml", GOOD.format("evil"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xml", '<sequence name="a">\n<log></sequence>', "Opening and ending tag mismatch"),
        ("a.xml", '<!DOCTYPE a><sequence name="a"/>', "a DOCTYPE is not allowed"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><sequence name="a">&c;</sequence>', "DOCTYPE"),
        ("a.xml", "<in>" * 300, "depth"),
        ("a.xml", "<html/>", "<html> is not Synapse configuration"),
        ("a.car", "no archive", "is not a zip archive"),
        ("a.car", bomb, "inflates to more than 100 times its packed size"),
        ("a.car", escaping, "the name leads out of the package, or is no plain path"),
        ("deployment.toml", "[transport", "is not TOML"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(tmp_path, write, name, content, message):
    path = tmp_path / name
    content(path) if callable(content) else path.write_text(content)

    reports = run(path, write("good.xml", GOOD.format("good")))

    (entry,) = reports[0].entries
    assert entry.outcome is Outcome.REJECTED
    assert entry.place.startswith(str(path))
    assert message in str(entry.findings[0])
    assert stored() == {"good"}


@pytest.mark.parametrize(
    ("port", "level", "message"),
    [
        ("", 0, "line 3: Validation failed for the port parameter: inbound.ws.port takes a number from 1 to 65535"),
        ("x", 0, "line 3: Validation failed for the port parameter x: inbound.ws.port takes a number from 1 to 65535"),
        (9091, 7, f"line 5: Validation failed. Unknown client broadcast level. {LEVELS}"),
        (
            9091,
            "x",
            f"line 5: Validation failed. Broadcast level parameter should not contain any special characters: {LEVELS}",
        ),
    ],
)
def test_a_wrong_parameter_makes_its_endpoint_faulty(write, port, level, message):
    path = write("i.xml", INBOUND.format(port=port, level=level))

    assert findings(path, write("a.xml", GOOD.format("a"))) == [message]
    assert stored() == {"i", "a"}


def test_of_two_inbound_endpoints_on_a_port_the_second_is_faulty(write):
    text = INBOUND.format(port=9091, level=0)
    paths = [write("a.xml", GOOD.format("a")), write("i.xml", text), write("j.xml", text.replace('"i"', '"j"'))]

    assert outcomes(*paths) == [("a", "created"), ("i", "created"), ("j", "faulty")]
    assert findings(*paths) == ["line 3: Another endpoint named : i is currently using this port: 9091"]


def test_nesting_that_is_too_deep_to_compile_does_no_harm_to_the_rest(write):
    deep = "<in>" * 250 + "<drop/>" + "</in>" * 250

    paths = [write("deep.xml", f'<sequence name="deep">{deep}</sequence>'), write("a.xml", GOOD.format("a"))]

    assert findings(*paths) == ["line 1: mediators are nested more than 60 deep"]
    assert stored() == {"deep", "a"}


def test_operations_of_a_connector_run_once_it_is_imported(write):
    caller = write("s.xml", '<sequence name="s"><hello.greet><p>me</p></hello.greet></sequence>')
    connector = write("hello/connector.xml", CONNECTOR)
    write("hello/greetings/component.xml", COMPONENT)
    write("hello/greetings/greet.xml", '<template name="greet"><parameter name="p"/><sequence/></template>')

    assert outcomes(caller) == [("s", "not runnable")]
    assert outcomes(connector.parent)[:2] == [
        ("hello", "created"),
        ("org.wso2.carbon.connector.hello.greet", "created"),
    ]
    assert outcomes(caller) == [("s", "unchanged")]


CONNECTOR = """<connector><component name="hello" package="org.wso2.carbon.connector">
    <dependency component="greetings"/></component></connector>"""
COMPONENT = """<component name="greetings" type="synapse/template"><subComponents>
    <component name="greet"><file>greet.xml</file></component></subComponents></component>"""


# -- resources of the registry


@pytest.fixture
def registry(settings, tmp_path):
    settings.ESB_REGISTRY_DIR = tmp_path / "there"
    return registry_directory()


@pytest.fixture
def resource(tmp_path):
    """A directory with one resource, and another content whenever it is called."""

    def give(content):
        path = tmp_path / "given" / "registry" / "config" / "a.xslt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return tmp_path / "given"

    return give


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_resources_are_written_compared_and_replaced(registry, resource):
    def outcome(content, **options):
        (report,) = run(resource(content), **options)
        [entry] = report.entries
        assert (entry.kind, entry.name) == ("resource", "conf:/a.xslt")
        return entry.outcome

    assert outcome("<a/>", dry_run=True) == "created"
    assert registry.stamps() == {}
    assert outcome("<a/>") == "created"
    assert outcome("<a/>") == "unchanged"
    assert outcome("<b/>") == "clash"
    assert registry.read("config/a.xslt") == b"<a/>"
    assert outcome("<b/>", replace=True) == "changed"
    assert registry.read("config/a.xslt") == b"<b/>"
    (report,) = run(resource("<c"), replace=True, strict=True)
    assert report.rejected
    assert registry.read("config/a.xslt") == b"<b/>"
