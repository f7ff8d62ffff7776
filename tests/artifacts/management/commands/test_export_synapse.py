import pytest
from django.core.management import CommandError, call_command

from artifacts.store import save_artifact

pytestmark = pytest.mark.django_db


def test_the_configuration_is_written(tmp_path, capsys):
    save_artifact('<sequence name="s"/>')

    call_command("export_synapse", tmp_path / "new" / "dir")

    assert (tmp_path / "new/dir/sequences/s.xml").exists()
    assert capsys.readouterr().out == f"2 files written to {tmp_path / 'new' / 'dir'}\n"


def test_what_cannot_be_written_is_an_error_in_one_line(tmp_path):
    (tmp_path / "mine").write_text("")

    with pytest.raises(CommandError, match="is not empty"):
        call_command("export_synapse", tmp_path)
    with pytest.raises(CommandError, match="is not a directory"):
        call_command("export_synapse", tmp_path / "mine", "--force")
