from artifacts.reporting import Entry, Outcome, Report, severest, summary
from mediation.findings import Finding, Severity


def test_an_entry_is_one_line_with_its_findings_indented_below():
    entry = Entry(Outcome.FAULTY, "sequence", "s", "f.xml:3", "created", (Finding(Severity.ERROR, "wrong", 4),))

    assert list(entry.lines()) == [
        "faulty       sequence s                               f.xml:3 (created)",
        "             error: line 4: wrong",
    ]


def test_the_most_serious_finding_gives_the_word():
    info, warning, later, error = (Finding(severity, "") for severity in Severity)

    assert severest([info]) is None
    assert severest([info, warning]) is Outcome.WARNING
    assert severest([later, warning]) is Outcome.NOT_RUNNABLE
    assert severest([later, error]) is Outcome.FAULTY


def test_a_report_failed_when_something_was_not_taken():
    assert not Report("p", [Entry(Outcome.FAULTY, "", "", "")]).failed
    assert Report("p", [Entry(Outcome.CLASH, "", "", "")]).failed
    assert Report("p", [Entry(Outcome.REJECTED, "", "", "")]).rejected


def test_a_summary_counts_outcomes():
    entries = [Entry(outcome, "", "", "") for outcome in (Outcome.CLASH, Outcome.CREATED, Outcome.CLASH)]

    assert summary([Report("p", entries)]) == "1 created, 2 clash"
    assert summary([]) == "nothing found"
