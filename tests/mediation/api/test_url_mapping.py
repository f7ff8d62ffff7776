"""``url-mapping``."""

import pytest

from mediation.api.url_mapping import UrlMapping


@pytest.mark.parametrize(
    ("mapping", "path", "takes"),
    [
        ("/foo/bar", "/foo/bar", True),
        ("/foo/bar", "/foo/bar/", True),
        ("/foo/bar/", "/foo/bar", True),
        ("/foo/bar", "/foo", False),
        ("/foo/bar", "/foo/bar/index.html", False),
        ("/", "/", True),
        ("/*", "/", False),
        ("*.jsp", "*.jsp", False),
    ],
)
def test_an_exact_mapping(mapping: str, path: str, takes: bool):
    assert UrlMapping(mapping).is_exactly(path) is takes


@pytest.mark.parametrize(
    ("mapping", "path", "length"),
    [
        ("/*", "/anything", 1),
        ("/a/*", "/a", 1),
        ("/a/*", "/a/b/c", 1),
        ("/a/b/*", "/a/b/c", 2),
        ("/a/b/*", "/a/c", 0),
        ("/a/*", "/ab", 0),
        ("/a", "/a", 0),
    ],
)
def test_a_prefix_covers_whole_segments(mapping: str, path: str, length: int):
    assert UrlMapping(mapping).prefix_length(path) == length


def test_an_extension():
    assert UrlMapping("*.jsp").has_extension("/foo/bar/index.jsp")
    assert not UrlMapping("*.jsp").has_extension("/foo/index.html")
    assert not UrlMapping("/foo.jsp").has_extension("/foo.jsp")
