from __future__ import annotations

import gzip
import zlib

import pytest

from mediation.transports.content_coding import BodyTooLarge, UnknownCoding, decode

TEXT = b"<a>" + b"x" * 1000 + b"</a>"


def gzipped(body: bytes) -> bytes:
    # Without the time, which would be in the names of the tests, and another one in each process that collects them.
    return gzip.compress(body, mtime=0)


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (None, TEXT),
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzipped(TEXT)),
        ("X-GZIP", gzipped(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("deflate, gzip", gzipped(zlib.compress(TEXT))),
        ("gzip", gzipped(TEXT[:500]) + gzipped(TEXT[500:])),
    ],
)
def test_known_codings_are_undone(coding, body):
    assert decode(body, coding, 2000) == TEXT


def test_an_empty_body_has_nothing_to_undo():
    assert decode(b"", "gzip", 10) == b""


@pytest.mark.parametrize("coding", ["br", "gzip, br", "exi"])
def test_other_codings_are_named(coding):
    with pytest.raises(UnknownCoding, match=r'coding "(br|exi)" is not known'):
        decode(b"...", coding, 10)


@pytest.mark.parametrize("body", [b"no gzip", gzipped(TEXT)[:-9], gzipped(b"a") + b"junk"])
def test_a_broken_body_is_a_value_error(body):
    with pytest.raises(ValueError, match="body"):
        decode(body, "gzip", 2000)


def test_the_limit_is_exact():
    assert decode(gzipped(TEXT), "gzip", len(TEXT)) == TEXT
    with pytest.raises(BodyTooLarge):
        decode(gzipped(TEXT), "gzip", len(TEXT) - 1)
    with pytest.raises(BodyTooLarge):
        decode(TEXT, None, len(TEXT) - 1)


def test_a_bomb_is_not_inflated():
    bomb = gzipped(bytes(64 * 1024 * 1024))

    with pytest.raises(BodyTooLarge):
        decode(bomb, "gzip", 1024)


def test_a_body_of_many_small_members_is_refused():
    with pytest.raises(ValueError, match="gzip members"):
        decode(gzipped(b"") * 1000, "gzip", 1024)
