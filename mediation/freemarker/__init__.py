"""
FreeMarker templates, for ``<payloadFactory template-type="freemarker">``: the part of the language that payloads use.

``model`` is what a template sees of a message; ``template`` compiles, ``expressions`` and ``builtins`` compute,
``values`` says what there is to compute with. Nothing here loads a file or a class.
"""

from .model import FreemarkerTemplate

__all__ = ["FreemarkerTemplate"]
