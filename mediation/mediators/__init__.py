"""
The mediators: one file each, found by being here.

Importing this package fills :data:`mediation.grammar.MEDIATORS`.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
