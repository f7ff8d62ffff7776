import pytest

from tests.mediation.mediators.support import json, mediator, message, mistakes, soap


def switch(*cases: str, source: str = "$ctx:symbol"):
    return mediator(f'<switch source="{source}">{"".join(cases)}</switch>')


def case(regex: str) -> str:
    return f'<case regex="{regex}"><property name="way" value="{regex}"/></case>'


DEFAULT = '<default><property name="way" value="default"/></default>'


@pytest.mark.parametrize(
    ("symbol", "way"),
    [
        ("IBM", "IBM"),
        ("GOOGL", "GOOG.*"),
        ("IBMX", "default"),  # the whole value has to match
        ("xIBM", "default"),
        ("", "default"),
        (None, "default"),  # a property that is not set
    ],
)
def test_the_first_case_that_matches_the_whole_value_runs_else_the_default(symbol, way):
    ctx = message()
    ctx.set("symbol", symbol)

    assert switch(case("IBM"), case("GOOG.*"), case("GOOGL"), DEFAULT).mediate(ctx) is True
    assert ctx.get("way") == way


def test_without_a_default_the_message_passes_by():
    ctx = message(symbol="MSFT")

    assert switch(case("IBM")).mediate(ctx) is True
    assert ctx.get("way") is None


def test_a_switch_without_cases_runs_its_default():
    ctx = message(symbol="IBM")

    switch(DEFAULT).mediate(ctx)

    assert ctx.get("way") == "default"


def test_the_outcome_is_that_of_the_case():
    assert switch('<case regex="IBM"><drop/></case>').mediate(message(symbol="IBM")) is False


def test_the_source_may_be_xpath_or_json_path():
    on_xml, on_json = soap("<m:symbol>IBM</m:symbol>"), json('{"symbol": "IBM"}')

    switch(case("IBM"), source="//m:symbol").mediate(on_xml)
    switch(case("IBM"), source="json-eval($.symbol)").mediate(on_json)

    assert on_xml.get("way") == on_json.get("way") == "IBM"


def test_only_the_first_default_counts():
    ctx = message(symbol="x")

    switch(DEFAULT, "<default><drop/></default>").mediate(ctx)

    assert ctx.get("way") == "default"


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<switch/>", '<switch> needs the attribute "source"'),
        ('<switch source="$ctx:a"><case/></switch>', '<case> needs the attribute "regex"'),
        ('<switch source="$ctx:a"><case regex="("/></switch>', 'expression "(" cannot be used: missing ): ('),
    ],
)
def test_mistakes(xml, mistake):
    assert mistakes(xml) == [mistake]
