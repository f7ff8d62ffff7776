"""
The sequences ``main`` and ``fault`` that run when the configuration has none.

See ``docs/compatibility.md``, default sequences.
"""

from __future__ import annotations

import functools
from typing import Final

from mediation.compiler import compile_artifact
from mediation.mediators.sequence import SequenceMediator
from mediation.payloads.xml import parse_xml

DEFAULTS: Final = {
    "main": """
<sequence xmlns="http://ws.apache.org/ns/synapse" name="main">
    <log/>
    <drop/>
</sequence>
""",
    "fault": """
<sequence xmlns="http://ws.apache.org/ns/synapse" name="fault">
    <log level="full">
        <property name="MESSAGE" value="Executing default 'fault' sequence"/>
        <property name="ERROR_CODE" expression="get-property('ERROR_CODE')"/>
        <property name="ERROR_MESSAGE" expression="get-property('ERROR_MESSAGE')"/>
    </log>
    <drop/>
</sequence>
""",
}


@functools.cache
def default_sequence(name: str) -> SequenceMediator | None:
    """``main`` or ``fault`` as they are without configuration; ``None`` for any other name."""
    if name not in DEFAULTS:
        return None
    sequence = compile_artifact(parse_xml(DEFAULTS[name])).artifact
    assert isinstance(sequence, SequenceMediator)
    return sequence
