import pytest

from artifacts.lint import lint, operation_keys
from mediation.compiler import compile_artifact
from mediation.findings import Severity
from mediation.payloads.xml import parse_xml


def messages(*texts, known=()):
    """Findings as lines of ``kind name: [check] line: message``."""
    compilations = [compile_artifact(parse_xml(text)) for text in texts]
    known = {(each.kind, each.name) for each in compilations}.union(known)
    found = lint(compilations, known)
    assert all(finding.severity is Severity.WARNING for findings in found.values() for finding in findings)
    return [
        f"{kind} {name}: [{finding.check}] {finding}"
        for (kind, name), findings in found.items()
        for finding in findings
    ]


def inbound(name, port=9091, attributes="", outflow="main"):
    parameter = f'<parameter name="ws.outflow.dispatch.sequence">{outflow}</parameter>' if outflow else ""
    return f"""<inboundEndpoint name="{name}" protocol="ws" sequence="main" onError="fault" {attributes}><parameters>
        <parameter name="inbound.ws.port">{port}</parameter>{parameter}</parameters></inboundEndpoint>"""


def calling(name, *keys):
    return f'<sequence name="{name}">' + "".join(f'<sequence key="{key}"/>' for key in keys) + "</sequence>"


def test_a_name_that_is_not_deployed_is_named_with_its_line():
    assert messages('<sequence name="s">\n<log/>\n<sequence key="gone"/></sequence>') == [
        "sequence s: [lint.reference] line 3: sequence gone is not deployed; it is looked up when a message needs it"
    ]


@pytest.mark.parametrize(
    "known", [("sequence", "there"), ("localEntry", "there")], ids=["an artifact", "a local entry that holds one"]
)
def test_a_name_that_is_known_is_fine(known):
    assert messages(calling("s", "there"), known=[known]) == []


@pytest.mark.parametrize("name", ["main", "fault"])
def test_the_default_sequences_always_exist(name):
    assert messages(calling("s", name)) == []


def test_a_local_entry_does_not_stand_for_a_sequence_that_calls_by_expression():
    assert messages('<sequence name="s"><sequence key="{get-property(\'x\')}"/></sequence>') == []


def test_an_inbound_endpoint_without_outflow_sequence():
    assert messages(inbound("i", outflow="")) == [
        "inboundEndpoint i: [lint.outflow] there is no ws.outflow.dispatch.sequence: "
        "what back-ends send runs through the sequence main"
    ]


def test_two_inbound_endpoints_on_one_port(settings):
    settings.ESB_PORT_OFFSET = 0
    assert messages(inbound("a"), inbound("b"), inbound("c", 9092)) == [
        "inboundEndpoint b: [lint.port] Another endpoint named : a is currently using this port: 9091"
    ]


def test_a_suspended_inbound_endpoint_has_no_port():
    assert messages(inbound("a", attributes='suspend="true"'), inbound("b")) == []


def test_an_inbound_endpoint_on_the_port_of_proxy_services(settings):
    settings.ESB_HTTP_PORT = 8280
    assert messages(inbound("a", 8280)) == ["inboundEndpoint a: [lint.port] port 8280 is the one of proxy services"]


def test_two_artifacts_of_one_name():
    assert messages(calling("s"), calling("s"), '<localEntry key="s">x</localEntry>') == [
        "sequence s: [lint.duplicate] there are 2 of this kind and name"
    ]


def test_a_sequence_that_calls_itself():
    assert messages('<sequence name="s">\n<filter xpath="true()">\n<sequence key="s"/></filter></sequence>') == [
        "sequence s: [lint.recursion] line 3: the sequence calls itself: s > s"
    ]


def test_sequences_that_call_each_other():
    assert messages(calling("a", "x", "b"), calling("b", "c"), calling("c", "a"), calling("x")) == [
        "sequence a: [lint.recursion] line 1: the sequence calls itself: a > b > c > a",
        "sequence b: [lint.recursion] line 1: the sequence calls itself: b > c > a > b",
        "sequence c: [lint.recursion] line 1: the sequence calls itself: c > a > b > c",
    ]


def test_a_template_that_calls_itself_through_a_sequence_is_told():
    template = '<template name="t"><sequence><sequence key="s"/></sequence></template>'
    sequence = '<sequence name="s"><call-template target="t"/></sequence>'

    assert messages(template, sequence) == [
        "template t: [lint.recursion] line 1: the template calls itself: t > s > t",
        "sequence s: [lint.recursion] line 1: the sequence calls itself: s > t > s",
    ]


def test_calling_the_same_sequence_twice_is_no_recursion():
    assert messages(calling("a", "b", "b", "c"), calling("b", "c"), calling("c")) == []


def test_what_does_not_compile_is_left_to_the_compiler():
    assert messages('<sequence name="s"><sequence key="s"/><log level="fll"/></sequence>') == []


def test_a_resource_of_the_registry_is_fine():
    assert messages(calling("s", "conf:/s.xml"), known=[("resource", "config/s.xml")]) == []
    assert len(messages(calling("s", "conf:/s.xml"))) == 1


def test_an_entry_whose_content_is_not_there(settings):
    settings.ESB_ENTRY_URLS = ["http://allowed"]

    assert messages('<localEntry key="k" src="file:samples/a.xml"/>') == [
        "localEntry k: [lint.content] file:samples/a.xml is no resource of the registry; the entry is empty until it is"
    ]
    assert messages('<localEntry key="k" src="http://host/a"/>') == [
        "localEntry k: [lint.content] http://host/a is not read: the setting ESB_ENTRY_URLS does not name it"
    ]
    assert messages('<localEntry key="k" src="http://allowed/a"/>') == []
    assert messages('<localEntry key="k" src="file:a.xml"/>', known=[("resource", "a.xml")]) == []


def test_an_operation_whose_connector_is_not_there_does_not_run():
    caller = compile_artifact(parse_xml('<sequence name="s"><gmail.init/></sequence>'))
    template = ("template", "org.wso2.carbon.connector.gmail.init")

    [finding] = lint([caller], set())[("sequence", "s")]
    assert (finding.severity, finding.check) == (Severity.NOT_RUNNABLE, "grammar.not-runnable.connector")
    assert finding.message == "<gmail.init> runs when there is the connector gmail: import its package"
    assert lint([caller], operation_keys([template, ("template", "plain")])) == {}


def api(name, attributes=""):
    return f'<api name="{name}" context="/shop" {attributes}><resource/></api>'


def test_of_two_apis_that_take_the_same_requests_the_second_is_told():
    assert messages(api("a"), api("b")) == ["api b: [lint.context] the API a takes the requests to /shop"]
    assert messages(api("a"), api("b", 'version="1" version-type="url"'), api("c", 'hostname="c.example"')) == []
