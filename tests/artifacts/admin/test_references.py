from artifacts.admin.references import lint_rows, used_by, uses
from artifacts.store import save_artifact, set_transport_parameters

NS = 'xmlns="http://ws.apache.org/ns/synapse"'


def saved(xml):
    return save_artifact(xml).row


def told(found):
    return [(use.kind, use.name, bool(use.url), use.missing) for use in found]


def test_uses_are_linked_when_they_exist(db):
    saved(f'<sequence {NS} name="there"><log/></sequence>')
    row = saved(f'<sequence {NS} name="s" onError="fault"><sequence key="there"/><sequence key="nowhere"/></sequence>')

    assert sorted(told(uses(row))) == [
        ("default sequence", "fault", False, False),
        ("sequence", "nowhere", False, True),
        ("sequence", "there", True, False),
    ]


def test_a_local_entry_stands_for_a_sequence(db):
    entry = saved(f'<localEntry {NS} key="e"><sequence name="e"><log/></sequence></localEntry>')
    row = saved(f'<sequence {NS} name="s"><sequence key="e"/></sequence>')

    assert told(uses(row)) == [("local entry", "e", True, False)]
    assert told(used_by(entry)) == [("sequence", "s", True, False)]


def test_a_name_that_merely_occurs_in_a_text_is_no_use(db):
    row = saved(f'<sequence {NS} name="log"><drop/></sequence>')
    saved(f'<sequence {NS} name="s"><log/></sequence>')

    assert used_by(row) == []


def test_names_with_special_characters_are_found(db):
    row = saved(f'<sequence {NS} name="a&amp;b"><drop/></sequence>')
    saved(f'<sequence {NS} name="s"><sequence key="a&amp;b"/></sequence>')

    assert told(used_by(row)) == [("sequence", "s", True, False)]


def test_transports_use_sequences(db):
    row = saved(f'<sequence {NS} name="answers"><drop/></sequence>')
    set_transport_parameters("http", {"ws.outflow.dispatch.sequence": "answers"}, replace=False)

    assert told(used_by(row)) == [("transport", "http", True, False)]


def test_an_operation_of_a_connector_leads_to_its_template(db):
    template = saved('<template name="org.example.hello.greet"><sequence/></template>')
    row = saved('<sequence name="s"><hello.greet/><hello.leave/></sequence>')

    assert [(use.kind, use.name, use.missing) for use in uses(row)] == [
        (template._meta.verbose_name, "hello.greet", False),
        ("connector", "hello.leave", True),
    ]
    assert [finding.message for finding in lint_rows([row])[row.pk]] == [
        "<hello.leave> runs when there is the connector hello: import its package"
    ]
