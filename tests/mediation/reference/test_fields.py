from mediation import grammar
from mediation.grammar import Node, node
from mediation.parameters import parameter
from mediation.reference.fields import fields, parameters


@node("inner")
class Inner(Node):
    """Something inside."""

    name: str = grammar.attribute(name="name")


@node("outer")
class Outer(Node):
    kind: str = grammar.attribute("a", name="kind", choices=("a", "b|c"))
    flag: bool = grammar.attribute(False, name="flag", convert=grammar.boolean)
    test: object = grammar.expression("test", required=True)
    key: object = grammar.value("key", refers="localEntry")
    inner: Inner | None = grammar.child("inner", Inner)
    old: object = grammar.unsupported("old", "use ``new``")


def test_attributes_and_children_are_tables_and_children_are_described_after_them():
    text = "\n".join(part for part in fields(Outer) if part)

    assert text == "\n".join(
        [
            "| Attribute | Value | Default |",
            "| --- | --- | --- |",
            "| `kind` | `a`, `b\\|c` | `a` |",
            "| `flag` | `true` and `false` in any case | `false` |",
            "| `test` | expression | required |",
            "| `key` | key, or an expression in braces |  |",
            "| Child | What it is |",
            "| --- | --- |",
            "| `<inner>` | one |",
            "| `<old>` | does not run: use `new` |",
            "**`<inner>`** Something inside.",
            "| Attribute | Value | Default |",
            "| --- | --- | --- |",
            "| `name` | text | required |",
        ]
    )


def test_parameters_are_a_table():
    class Declared:
        pass

    import dataclasses

    @dataclasses.dataclass
    class Settings:
        port: int = parameter("port", int, required=True, values="a port", help="where it listens")
        on: bool = parameter("on", bool, True, values="true, false", help="``x`` or not")

    assert parameters(Settings).split("\n")[2:] == [
        "| `port` | a port | required | where it listens |",
        "| `on` | true, false | `true` | `x` or not |",
    ]
