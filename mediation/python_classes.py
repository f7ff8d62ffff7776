"""Python classes that configurations name, where the originals have Java classes."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.options import Options


def import_class(name: str, method: str, what: str) -> type[Any]:
    """
    The class with that dotted path, or the one that ``ESB_CLASSES`` names for it.

    Args:
        method: that it must have.
        what: for messages, such as ``a task``.

    Raises:
        NotRunnable: there is no such Python class, so it is a Java class.
        GrammarError: there is, but it cannot be imported or does not fit.
    """
    path = Options.from_settings().classes.get(name.strip(), name.strip())
    module, _, attribute = path.rpartition(".")
    if not module or importlib.util.find_spec(module.partition(".")[0]) is None:
        raise NotRunnable(
            f"{what} of the class {name}",
            f"name a Python class with a method {method}() in its place, or for it in ESB_CLASSES",
            needs=Needs.JAVA,
        )
    try:
        cls = getattr(importlib.import_module(module), attribute)
    except Exception as exc:  # whatever a module does when it is imported
        raise GrammarError(f"the Python class {name} cannot be imported ({type(exc).__name__}: {exc})") from exc
    if not isinstance(cls, type) or not callable(getattr(cls, method, None)):
        raise GrammarError(f"{name} is not a class with a method {method}()")
    return cls
