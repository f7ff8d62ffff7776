"""
FreeMarker templates, for ``<payloadFactory template-type="freemarker">``: the part of the language that payloads use.

``model`` is what a template sees of a message. ``parts`` cuts a template, ``template`` compiles it with the
``expressions`` in it; ``operators`` and ``builtins`` compute, with ``values``, in a ``scope``. Nothing here loads a
file or a class.
"""

from .model import FreemarkerTemplate

__all__ = ["FreemarkerTemplate"]
