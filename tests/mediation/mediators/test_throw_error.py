import pytest

from mediation.errors import MediationError
from tests.mediation.mediators.support import mediator, message


@pytest.mark.parametrize(
    ("xml", "code", "text"),
    [
        ('<throwError type="CUSTOM" errorMessage="no"/>', "CUSTOM", "no"),
        ("<throwError errorMessage=\"{get-property('why')}\"/>", "ANY", "because"),
        ("<throwError/>", "ANY", ""),
    ],
)
def test_the_message_fails_with_type_and_text(xml, code, text):
    with pytest.raises(MediationError) as failure:
        mediator(xml).mediate(message(why="because"))
    assert (failure.value.code, failure.value.message) == (code, text)
