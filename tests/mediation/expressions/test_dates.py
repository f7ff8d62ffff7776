from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from mediation.expressions.dates import DEFAULT_PATTERN, format_date

MOMENT = datetime(2026, 3, 5, 15, 7, 9, 45_000, timezone(timedelta(hours=5, minutes=30), "IST"))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-03-05T15:07:09.045+05:30"),
        ("yyyy-MM-dd HH:mm:ss Z", "2026-03-05 15:07:09 +0530"),
        ("EEE, d MMM yyyy", "Thu, 5 Mar 2026"),
        ("EEEE MMMM yy", "Thursday March 26"),
        ("h:mm a z", "3:07 PM IST"),
        ("K k D u", "3 15 64 4"),
        ("'o''clock' ''", "o'clock '"),
        ("yyyyMMddHHmmssSSS", "20260305150709045"),
        (DEFAULT_PATTERN, "3/5/26, 3:07 PM"),
        ("", ""),
    ],
)
def test_patterns_are_java_s(pattern: str, expected: str):
    assert format_date(MOMENT, pattern) == expected


@pytest.mark.parametrize("pattern", ["yyyy-bb", "'open", "j"])
def test_what_is_no_pattern_is_refused(pattern: str):
    with pytest.raises(ValueError, match=r"illegal pattern character|unterminated quote"):
        format_date(MOMENT, pattern)


def test_utc_is_z():
    assert format_date(MOMENT.astimezone(timezone.utc), "HHXXX X") == "09Z Z"  # noqa: UP017
