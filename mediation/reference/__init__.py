"""
The reference of the language, made of the classes that run it.

::

    for name, text in pages().items():
        Path("docs/reference", name).write_text(text)

========================= ==========================================================================
:mod:`.markdown`          docstrings and tables as Markdown
:mod:`.fields`            what an element may hold, from the fields of its class
:mod:`.mediators`         every mediator of the language, those that do not run too
:mod:`.endpoints`         kinds of endpoints
:mod:`.artifacts`         kinds of artifacts, and their parameters
:mod:`.properties`        properties with a meaning of their own
========================= ==========================================================================
"""

from .artifacts import artifacts_page
from .endpoints import endpoints_page
from .mediators import mediators_page
from .properties import properties_page

INDEX = """\
# Reference

What the language has, and what of it runs here. These pages are made of the code by `manage.py generate_reference`.

* [Mediators](mediators.md)
* [Endpoints](endpoints.md)
* [Artifacts](artifacts.md)
* [Properties](properties.md)

Rules that concern several of them are in [compatibility](../compatibility.md); WebSocket has [a page](../websocket.md).
"""


def pages() -> dict[str, str]:
    """The text of each page, by its file's name."""
    return {
        "README.md": INDEX,
        "mediators.md": mediators_page(),
        "endpoints.md": endpoints_page(),
        "artifacts.md": artifacts_page(),
        "properties.md": properties_page(),
    }
