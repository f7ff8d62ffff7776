import pytest

from artifacts.admin.history import differences
from artifacts.models import Deployment, Sequence
from artifacts.store import save_artifact

from .conftest import NS, XML, change_url, messages

OTHER = f'<sequence {NS} name="greet"><drop/></sequence>'


@pytest.fixture
def changed(rows):
    """A sequence whose second version is another one."""
    return save_artifact(OTHER, reason="shorter").row


def revert_url(row, version):
    record = row.history.get(version=version)
    return change_url(row).replace("change/", f"history/{record.history_id}/revert/")


def test_the_history_tells_what_was_changed_by_whom_and_why(admin_client, changed):
    html = admin_client.get(change_url(changed).replace("change", "history")).content.decode()

    assert "shorter" in html
    assert "&lt;drop/&gt;" in html
    assert "&lt;!-- says hello --&gt;" in html


def test_a_version_is_shown_with_what_reverting_would_change(admin_client, changed):
    response = admin_client.get(revert_url(changed, 1).removesuffix("revert/"))

    assert response.context["xml"] == XML["sequence"]
    assert ("+", "    <log/>") in response.context["changes"]


def test_reverting_saves_the_old_text_as_a_new_version(admin_client, changed, admin_user):
    generation = Deployment.current()

    response = admin_client.post(revert_url(changed, 1), follow=True)

    row = Sequence.objects.get()
    assert (row.xml, row.version) == (XML["sequence"], 3)
    assert Deployment.current() > generation
    assert messages(response) == ["Reverted to version 1, as version 3."]
    assert row.history.first().history_user == admin_user


def test_reverting_takes_a_rename_back(admin_client, rows):
    row = save_artifact(XML["sequence"].replace("greet", "welcome"), row=rows["sequence"]).row

    admin_client.post(revert_url(row, 1))

    assert Sequence.objects.get().name == "greet"


def test_a_version_whose_name_another_one_has_by_now_is_not_taken(admin_client, rows):
    row = save_artifact(XML["sequence"].replace("greet", "welcome"), row=rows["sequence"]).row
    save_artifact(OTHER)

    response = admin_client.post(revert_url(row, 1), follow=True)

    assert messages(response) == ['Version 1 was not taken: line 1: there is another <sequence> with the name "greet"']


def test_a_version_with_a_mistake_is_not_taken(admin_client, rows):
    save_artifact(OTHER.replace("<drop/>", '<log level="fll"/>'))
    row = save_artifact(OTHER).row

    response = admin_client.post(revert_url(row, 2), follow=True)

    assert messages(response)[0].startswith('Version 2 has a mistake and was not taken: line 1: <log> level "fll"')
    assert Sequence.objects.get().xml == OTHER


def test_a_version_of_another_artifact_is_not_found(admin_client, changed, rows):
    save_artifact(OTHER.replace("greet", "second"))
    second = Sequence.objects.get(name="second")
    foreign = second.history.first().history_id
    url = change_url(changed).replace("change/", f"history/{foreign}/")

    assert admin_client.get(url).status_code == 404
    assert admin_client.post(f"{url}revert/").status_code == 404


def test_differences_are_lines_with_signs():
    assert differences("a\nb\n", "a\nc\n") == [("@", "@@ -1,2 +1,2 @@"), (" ", "a"), ("-", "b"), ("+", "c")]
