import json

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("text", "succeeds"),
    [
        ('<sequence name="a"><drop/></sequence>', True),
        ('<sequence name="a"><sequence key="gone"/></sequence>', True),
        ('<sequence name="a"><log level="fll"/></sequence>', False),
        ('<eventSource xmlns="http://ws.apache.org/ns/synapse" name="a"/>', False),
        ("<sequence", False),
    ],
    ids=["runs", "warning", "faulty", "not runnable", "unreadable"],
)
def test_it_fails_when_something_would_not_run(tmp_path, text, succeeds):
    path = tmp_path / "a.xml"
    path.write_text(text)

    if succeeds:
        call_command("check_synapse", path)
    else:
        with pytest.raises(CommandError, match="not everything would run"):
            call_command("check_synapse", path)


def test_it_prints_artifacts_summary_and_score(tmp_path, capsys):
    path = tmp_path / "a.xml"
    path.write_text('<sequence name="a"><drop/></sequence>')

    call_command("check_synapse", path)

    assert capsys.readouterr().out.splitlines() == [
        f"{'runs':<12} {'sequence a':<40} {path}:1",
        "1 runs",
        "1 of 1 artifacts run (100.0%)",
        "1 of 1 files run as a whole (100.0%)",
    ]


def test_it_writes_json(tmp_path, capsys):
    path = tmp_path / "a.xml"
    path.write_text('<sequence name="a"><drop/></sequence>')

    call_command("check_synapse", path, json=True)

    document = json.loads(capsys.readouterr().out)
    assert document["score"]["artifacts"] == 1
    assert document["entries"][0]["place"] == f"{path}:1"
