from artifacts.admin.editor import XmlEditor, annotations
from mediation.findings import Finding, Severity


def test_remarks_stand_at_the_rows_of_their_lines():
    remarks = [Finding(Severity.ERROR, "wrong", 3), Finding(Severity.WARNING, "odd")]

    assert annotations(remarks) == [
        {"row": 2, "column": 0, "text": "wrong", "type": "error"},
        {"row": 0, "column": 0, "text": "odd", "type": "warning"},
    ]


def test_remarks_with_markup_are_escaped():
    editor = XmlEditor()
    editor.remarks = (Finding(Severity.ERROR, "<img src=x onerror=alert(1)>'\""),)

    assert "<img" not in editor.render("xml", "<a/>")


def test_all_assets_are_local():
    assert not [path for path in (*XmlEditor().media._js, *XmlEditor().media._css["all"]) if "//" in path]
