from tests.mediation.mediators.support import mediator, message, mistakes, warnings


def test_properties_are_set_and_removed_in_their_order():
    ctx = message(old="x")

    goes_on = mediator(
        '<propertyGroup><property name="a" value="1"/><property name="b" expression="$ctx:a"/>'
        '<property name="old" action="remove"/></propertyGroup>'
    ).mediate(ctx)

    assert goes_on is True
    assert ctx.properties == {"a": "1", "b": "1"}


def test_a_mistake_in_a_property_is_one_of_the_group():
    assert mistakes('<propertyGroup><property name="a" value="x" type="INTEGER"/></propertyGroup>') == [
        "Unknown type : INTEGER for the property mediator or the property value cannot be converted into the "
        "specified type."
    ]


def test_other_mediators_inside_are_ignored_with_a_warning():
    assert warnings("<propertyGroup><log/></propertyGroup>") == [
        "<propertyGroup> does not know the child <log>; it is ignored"
    ]
