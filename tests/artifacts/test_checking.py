from artifacts.checking import check_paths
from artifacts.reporting import summary

# No database in this module: a check must work without one.

CONFIGURATION = """<definitions xmlns="http://ws.apache.org/ns/synapse">
<sequence name="runs"><drop/></sequence>
<sequence name="warned"><sequence key="gone"/></sequence>
<sequence name="broken"><log level="fll"/></sequence>
<sequence name="later">
  <ejb/></sequence>
<eventSource name="a"/>
<sequence/>
<invented name="i"/>
</definitions>"""


def lines_of(reports):
    return [line for report in reports for line in report.lines()]


def test_each_artifact_is_judged_with_reasons_and_lines(tmp_path):
    path = tmp_path / "synapse.xml"
    path.write_text(CONFIGURATION)

    assert [line.replace(str(path), "F") for line in lines_of(check_paths([path]))] == [
        f"{'runs':<12} {'sequence runs':<40} F:2",
        f"{'warning':<12} {'sequence warned':<40} F:3",
        "             warning: line 3: sequence gone is not deployed; it is looked up when a message needs it",
        f"{'faulty':<12} {'sequence broken':<40} F:4",
        '             error: line 4: <log> level "fll" is not one of simple, headers, full, custom',
        f"{'not runnable':<12} {'sequence later':<40} F:5",
        "             not runnable: line 6: the mediator <ejb> is kept, but cannot run in this version: "
        "use <class> with a Python class",
        f"{'not runnable':<12} {'eventSource a':<40} F:7",
        "             not runnable: line 7: the event source <eventSource> is kept, but cannot run in this version",
        f"{'rejected':<12} {'sequence':<40} F:8",
        '             error: line 8: <sequence> needs the attribute "name"',
        f"{'not runnable':<12} {'invented i':<40} F:9",
        "             not runnable: line 9: <invented> is not an artifact",
    ]


def test_names_may_be_found_in_another_path(tmp_path):
    (tmp_path / "a.xml").write_text('<sequence name="a"><sequence key="b"/></sequence>')
    (tmp_path / "b.xml").write_text('<sequence name="b"><drop/></sequence>')

    assert summary(check_paths([tmp_path / "a.xml", tmp_path / "b.xml"])) == "2 runs"
    assert summary(check_paths([tmp_path / "a.xml"])) == "1 warning"


def test_a_path_that_cannot_be_read_is_reported_and_the_next_one_checked(tmp_path):
    (tmp_path / "a.xml").write_text("<sequence")
    (tmp_path / "b.xml").write_text('<sequence name="b"><drop/></sequence>')

    assert summary(check_paths([tmp_path / "a.xml", tmp_path / "b.xml"])) == "1 runs, 1 rejected"
