"""
What ``<enrich>`` does: take from one place of a message, put into another.

``inline.py`` is content that stands in the configuration; ``xml_nodes.py`` works on trees, ``json_values.py`` on JSON.
"""
