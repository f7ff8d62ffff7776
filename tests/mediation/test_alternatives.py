from mediation.alternatives import ALTERNATIVES
from mediation.compiler import compile_artifact
from mediation.grammar import KNOWN_MEDIATORS, MEDIATORS
from mediation.payloads.xml import parse_xml


def test_every_mediator_that_does_not_run_has_an_alternative():
    assert KNOWN_MEDIATORS - MEDIATORS.keys() - ALTERNATIVES.keys() == set()


def test_a_mediator_that_runs_needs_none():
    assert ALTERNATIVES.keys() & MEDIATORS.keys() == set()


def test_it_is_said_where_the_mediator_is_used():
    [finding] = compile_artifact(parse_xml('<sequence name="s">\n<ejb/></sequence>')).findings

    assert str(finding).endswith("<ejb> is kept, but cannot run in this version: use <class> with a Python class")
    assert finding.check == "grammar.not-runnable.java"


def test_rules_of_another_namespace_count_too():
    text = '<sequence name="s"><rule xmlns="http://wso2.org/carbon/rules"/></sequence>'

    assert "use <switch>" in str(compile_artifact(parse_xml(text)).findings[0])
