import json

import pytest

from artifacts.checking import check_paths
from artifacts.reporting import summary
from artifacts.scoring import as_data, score

FILES = {
    "runs.xml": '<sequence name="runs"><drop/></sequence>',
    "warned.xml": '<sequence name="warned"><sequence key="gone"/></sequence>',
    "mixed.xml": """<definitions>
        <sequence name="broken"><log level="fll"/></sequence>
        <sequence name="java"><ejb/></sequence>
    </definitions>""",
    "java.xml": '<sequence name="other"><ejb/><drop/></sequence>',
    "both.xml": '<sequence name="both"><bean/><send><endpoint><address uri="jms:/q"/></endpoint></send></sequence>',
    "kept.xml": '<eventSource name="kept"/>',
}


@pytest.fixture
def reports(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return check_paths([tmp_path])


def test_artifacts_and_whole_files_are_counted_and_what_needs_something_else_apart(reports):
    lines = list(score(reports).lines())

    assert summary(reports) == "1 runs, 1 warning, 4 not runnable, 1 faulty"
    assert lines[:3] == [
        "2 of 7 artifacts run (28.6%)",
        "2 of 6 files run as a whole (33.3%)",
        "2 of the 4 files that need nothing else (50.0%); what others need: java: 2, transport: 1",
    ]


def test_the_commonest_reasons_come_first(reports):
    first, *others = list(score(reports).lines())[3:]

    assert first == (
        "     2  the mediator <ejb> is kept, but cannot run in this version: use <class> with a Python class"
    )
    assert len(others) == 4


def test_all_of_it_is_data(reports):
    data = json.loads(json.dumps(as_data(reports)))

    [entry] = [entry for entry in data["entries"] if entry["name"] == "java"]
    assert (entry["outcome"], entry["kind"]) == ("not runnable", "sequence")
    [finding] = entry["findings"]
    assert (finding["line"], finding["check"]) == (3, "grammar.not-runnable.java")
    assert data["score"]["running"] == 2
    assert set(data["score"]["files"].values()) == {"runs", "elsewhere", "does not run"}


def test_nothing_is_scored_without_a_division():
    assert list(score([]).lines()) == ["0 of 0 artifacts run", "0 of 0 files run as a whole"]
