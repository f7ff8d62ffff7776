import pytest

from mediation.registry import resource_key, resource_path


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("conf:/a/b.xslt", "config/a/b.xslt"),
        ("conf:a/b.xslt", "config/a/b.xslt"),
        ("gov:/a.xml", "governance/a.xml"),
        ("local:/a.xml", "local/a.xml"),
        ("resources:xslt/a.xslt", "governance/mi-resources/xslt/a.xslt"),
        ("/_system/governance/a.xml", "governance/a.xml"),
        ("/a//b/./c.xml", "a/b/c.xml"),
        ("a.xml", "a.xml"),
        ("conf:/../secret", None),
        ("../secret", None),
        ("/", None),
        ("", None),
        ("http://host/a.xml", None),
        ("file:/etc/passwd", None),
    ],
)
def test_a_key_names_a_path_inside_of_the_registry(key, path):
    assert resource_path(key) == path


@pytest.mark.parametrize("key", ["conf:/a/b.xslt", "gov:/a.xml", "local:/a", "resources:a/b.json", "a/b.xml"])
def test_a_path_has_a_key(key):
    assert resource_key(resource_path(key)) == key
