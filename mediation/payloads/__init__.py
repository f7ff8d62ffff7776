"""
Message bodies: what came, the tree that the language sees, and what leaves.

``payload.py`` holds the states of a body; ``builders.py`` and ``formatters.py`` know media types; ``xml.py``,
``soap.py``, ``json_text.py``, ``json_xml.py`` and ``forms.py`` each know one notation.
"""

from .payload import Payload

__all__ = ["Payload"]
