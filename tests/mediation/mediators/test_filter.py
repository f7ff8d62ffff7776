import pytest

from mediation.errors import MediationError
from tests.mediation.mediators.support import json, mediator, message, mistakes, soap, warnings
from tests.mediation.support import DictEnvironment

THEN = '<property name="way" value="then"/>'
ELSE = '<property name="way" value="else"/>'


def way(condition: str, ctx) -> str:
    """The branch that the message takes."""
    assert mediator(f"<filter {condition}><then>{THEN}</then><else>{ELSE}</else></filter>").mediate(ctx) is True
    return ctx.get("way")


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("http://localhost/StockQuote", "then"),
        ("StockQuote", "then"),
        ("http://localhost/StockQuotes", "else"),  # the whole value has to match
        (None, "else"),
    ],
)
def test_source_and_regex(to, expected):
    ctx = message()
    ctx.set("target", to)

    assert way('source="$ctx:target" regex=".*StockQuote"', ctx) == expected


@pytest.mark.parametrize(
    ("xpath", "expected"),
    [
        ("//m:symbol", "then"),
        ("//m:price", "else"),
        ("//m:symbol = 'IBM'", "then"),
        ("count(//m:symbol) &gt; 1", "else"),
        ("'false'", "then"),  # a string that is not empty
    ],
)
def test_xpath(xpath, expected):
    assert way(f'xpath="{xpath}"', soap("<m:symbol>IBM</m:symbol>")) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("true", "then"), ('"TRUE"', "then"), ("false", "else"), ("1", "else")]
)
def test_json_path_holds_for_true_only(value, expected):
    assert way('xpath="json-eval($.open)"', json(f'{{"open": {value}}}')) == expected


def test_xpath_counts_before_source_and_regex():
    assert way('xpath="true()" source="$ctx:x" regex="never"', message()) == "then"


def test_mediators_directly_inside_are_the_then_branch():
    ctx = message()

    assert mediator(f'<filter xpath="true()">{THEN}<drop/></filter>').mediate(ctx) is False
    assert ctx.get("way") == "then"


def test_without_an_else_the_message_passes_by():
    assert mediator('<filter xpath="false()"><drop/></filter>').mediate(message()) is True


def test_the_outcome_is_that_of_the_branch():
    assert mediator('<filter xpath="false()"><then/><else><drop/></else></filter>').mediate(message()) is False


def test_a_branch_may_name_a_sequence():
    ctx = message()
    ctx.environment = DictEnvironment(audit=THEN + "<drop/>")

    assert mediator('<filter xpath="true()"><then sequence="audit"/></filter>').mediate(ctx) is False
    assert ctx.get("way") == "then"


@pytest.mark.parametrize(("condition", "branch"), [("true()", "then"), ("false()", "else")])
def test_a_named_sequence_that_is_not_deployed_is_a_fault(condition, branch):
    xml = f'<filter xpath="{condition}"><then sequence="nowhere"/><else sequence="nowhere"/></filter>'

    with pytest.raises(MediationError) as caught:
        mediator(xml).mediate(message())

    assert caught.value.message == f"Couldn't find the referred {branch} sequence with key : nowhere"


def test_mediators_beside_a_then_are_ignored_with_a_warning():
    xml = f'<filter xpath="true()"><drop/><then>{THEN}</then></filter>'
    ctx = message()

    assert warnings(xml) == ["<filter> with a <then> ignores <drop> beside it"]
    assert mediator(xml).mediate(ctx) is True
    assert ctx.get("way") == "then"


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<filter><drop/></filter>", "An xpath or (source, regex) attributes are required for a filter"),
        ('<filter source="$ctx:a"/>', "An xpath or (source, regex) attributes are required for a filter"),
        ('<filter source="$ctx:a" regex=""/>', "Invalid attribute values for source and/or regex specified"),
        ('<filter xpath="true()"><else/></filter>', "<filter> with an <else> needs a <then>"),
    ],
)
def test_mistakes(xml, mistake):
    assert mistakes(xml) == [mistake]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", r"^(\w+\s?)*$"])
def test_a_pattern_that_explodes_elsewhere_takes_no_time(pattern):
    ctx = message(text="a" * 100_000 + "!")

    assert way(f'source="$ctx:text" regex="{pattern}"', ctx) == "else"
