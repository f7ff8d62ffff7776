"""Stylesheets of tests, as local entries."""

from mediation.payloads.xml import SYNAPSE_NS

XSL = "http://www.w3.org/1999/XSL/Transform"


def module(content: str, version: str = "1.0") -> str:
    """A stylesheet."""
    return f'<xsl:stylesheet xmlns:xsl="{XSL}" version="{version}">{content}</xsl:stylesheet>'


def root(content: str, version: str = "1.0", declarations: str = "") -> str:
    """A stylesheet that makes this of any document."""
    return module(f'{declarations}<xsl:template match="/">{content}</xsl:template>', version)


def entry(key: str, content: str) -> str:
    """A local entry with this XML."""
    return f'<s:localEntry xmlns:s="{SYNAPSE_NS}" key="{key}">{content}</s:localEntry>'
