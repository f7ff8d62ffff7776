from mediation.reference.markdown import prose, table, tagged


class Documented:
    """
    Do ``this`` with :class:`mediation.x.Y`.

    ::

        <a>
            <b/>

            <c/>
        </a>

    It is
    one paragraph. Like this::

        plain

    Attributes:
        x: not for users.
    """


def test_a_docstring_becomes_markdown_without_what_is_for_developers():
    assert prose(Documented) == (
        "Do `this` with `mediation.x.Y`.\n\n"
        "```xml\n<a>\n    <b/>\n\n    <c/>\n</a>\n```\n\n"
        "It is one paragraph. Like this:\n\n"
        "```text\nplain\n```"
    )


def test_nothing_becomes_of_nothing():
    assert prose(lambda: None) == ""
    assert table(("a", "b"), []) == ""


def test_cells_cannot_break_a_table():
    assert table(("a",), [["x | y\nz"]]) == "| a |\n| --- |\n| x \\| y z |"


def test_elements_in_hints_are_code():
    assert tagged("use <store> and ``x``") == "use `<store>` and `x`"
