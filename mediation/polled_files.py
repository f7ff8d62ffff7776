"""Files of a local directory as messages: what the ``transport.vfs`` parameters say."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.expressions.dates import format_date
from mediation.expressions.regex import Pattern, compile_regex
from mediation.parameters import choice, flag, number, parameter, read_texts, seconds
from mediation.payloads.media_types import BINARY, TEXT, TEXT_XML
from mediation.triggers import Interval

PREFIX: Final = "transport.vfs."
FILE_URI: Final = f"{PREFIX}FileURI"
REPLY_FILE_NAME: Final = f"{PREFIX}ReplyFileName"
"""Also a transport header of a message that is written as a file."""

DEFAULT_REPLY_NAME: Final = "response.xml"

WITHOUT_EFFECT: Final = {
    **{
        f"{PREFIX}{name}": "one process at a time reads a directory, and takes one file after the other"
        for name in (
            "Locking",
            "AutoLockRelease",
            "AutoLockReleaseInterval",
            "LockReleaseSameNode",
            "DistributedLock",
            "DistributedTimeout",
        )
    },
    **{
        f"{PREFIX}{name}": "a directory that cannot be read is tried at each interval"
        for name in ("MaxRetryCount", "ReconnectTimeout", "FailedRecordsFileName", "FailedRecordsFileDestination")
    },
    f"{PREFIX}Streaming": "files are read whole, up to transport.vfs.FileSizeLimit",
    f"{PREFIX}Build": "a message is built when something looks into it",
    f"{PREFIX}CreateFolder": "directories that files are moved to are made when they are missing",
    f"{PREFIX}UpdateLastModified": "moving a file does not touch its dates",
}


def local_path(text: str) -> Path:
    """
    The path that ``file:///x``, ``vfs:file:///x`` or ``/x`` means; converter of parameters.

    Raises:
        NotRunnable: it is somewhere else than on this machine.
        GrammarError: it is no absolute path.
    """
    address = text.strip().removeprefix("vfs:").partition("?")[0]
    scheme, colon, rest = address.partition(":")
    if colon and scheme.lower() != "file":
        raise NotRunnable(f"files over {scheme}", "use a local directory", needs=Needs.TRANSPORT)
    path = Path("/" + unquote(rest).lstrip("/")) if colon else Path(unquote(address))
    if not path.is_absolute():
        raise GrammarError(f'"{text}" is no absolute path: write file:///directory')
    return path


def _size(text: str) -> int | None:
    return None if text.strip() == "-1" else number(1)(text)


ACTIONS: Final = ("move", "delete", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileParameters:
    """Which files become messages, and what becomes of them afterwards."""

    source: Path = parameter(
        FILE_URI,
        local_path,
        Path(),
        required=True,
        values="`file:///directory`, required",
        help="directory, or one file",
    )
    pattern: Pattern | None = parameter(
        f"{PREFIX}FileNamePattern", compile_regex, values="regular expression", help="names of files that count"
    )
    content_type: str | None = parameter(
        f"{PREFIX}ContentType", values="media type", help="by default what the name of the file ends with"
    )
    after_success: str = parameter(
        f"{PREFIX}ActionAfterProcess",
        choice(*ACTIONS),
        "delete",
        values="`MOVE`, `DELETE`, `NONE`",
        help="what becomes of a file that was mediated",
    )
    success_directory: Path | None = parameter(f"{PREFIX}MoveAfterProcess", local_path, values="directory")
    after_failure: str = parameter(
        f"{PREFIX}ActionAfterFailure",
        choice(*ACTIONS),
        "none",
        values="`MOVE`, `DELETE`, `NONE`",
        help="what becomes of one whose mediation failed; it stays, and waits until somebody changes it",
    )
    failure_directory: Path | None = parameter(f"{PREFIX}MoveAfterFailure", local_path, values="directory")
    timestamp: str | None = parameter(
        f"{PREFIX}MoveTimestampFormat", values="pattern of `SimpleDateFormat`", help="put before names of moved files"
    )
    pause: int = parameter(f"{PREFIX}FileProcessInterval", number(0), 0, values="ms", help="from one file to the next")
    batch: int | None = parameter(
        f"{PREFIX}FileProcessCount", number(1), values="number", help="files that are taken at one interval"
    )
    sort: str = parameter(
        f"{PREFIX}FileSortAttribute",
        choice("none", "name", "size", "lastmodifiedtimestamp"),
        "name",
        values="`NAME`, `SIZE`, `LASTMODIFIEDTIMESTAMP`",
        help="in which order",
    )
    ascending: bool = parameter(f"{PREFIX}FileSortAscending", flag, True, values="true, false", help="which end first")
    size_limit: int | None = parameter(
        f"{PREFIX}FileSizeLimit", _size, 16 * 1024 * 1024, values="bytes, or -1", help="larger files fail"
    )
    reply_directory: Path | None = parameter(
        f"{PREFIX}ReplyFileURI", local_path, values="directory", help="where replies are written"
    )
    reply_name: str | None = parameter(
        REPLY_FILE_NAME, values="name", help=f"of replies; by default `{DEFAULT_REPLY_NAME}`"
    )

    def check(self) -> None:
        """
        Raises:
            GrammarError: a directory is missing.
        """
        for action, directory, name in (
            (self.after_success, self.success_directory, "MoveAfterProcess"),
            (self.after_failure, self.failure_directory, "MoveAfterFailure"),
        ):
            if action == "move" and directory is None:
                raise GrammarError(f"to move files needs the parameter {PREFIX}{name}")

    def type_of(self, name: str) -> str:
        """The Content-Type of a file's content."""
        if self.content_type:
            return self.content_type
        guessed = mimetypes.guess_type(name)[0]
        if guessed == "application/xml":
            return TEXT_XML
        return TEXT if guessed == "text/csv" else guessed or BINARY

    def moved_name(self, name: str, now: datetime) -> str:
        return format_date(now, self.timestamp) + name if self.timestamp else name


POLL_INTERVAL: Final = "transport.PollInterval"
"""Parameter of a proxy service: seconds from one look to the next."""

DEFAULT_POLL_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class PolledFiles:
    """
    The files of a proxy service.

    Attributes:
        texts: the parameters as they stand.
    """

    files: FileParameters
    interval: Interval
    texts: Mapping[str, str]


def read_polled_files(parameters: Mapping[str, str], report: Callable[[str], None]) -> PolledFiles | None:
    """
    What the parameters of a proxy service say about files; ``None`` if they name none, or none that can be read.

    Args:
        report: is told of each mistake.
    """
    texts = {name: text for name, text in parameters.items() if name.startswith(PREFIX) or name == POLL_INTERVAL}
    if not texts.get(FILE_URI):
        return None
    mistakes: list[str] = []
    files = FileParameters(**read_texts(FileParameters, texts, mistakes.append))
    pause = texts.get(POLL_INTERVAL, "")
    wait = DEFAULT_POLL_SECONDS
    try:
        files.check()
        wait = seconds(0.001)(pause) if pause else wait
    except GrammarError as exc:
        mistakes.append(exc.message)
    except ValueError as exc:
        mistakes.append(f'parameter {POLL_INTERVAL} "{pause}" {exc}')
    for mistake in mistakes:
        report(mistake)
    return None if mistakes else PolledFiles(files, Interval(wait), texts)
