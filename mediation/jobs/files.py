"""Inbound endpoints and proxy services that take files of a directory as messages."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from mediation import file_system
from mediation.detached import DetachedClient, Flow
from mediation.errors import EsbError
from mediation.file_system import FileTooLarge, Found, Stamp
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.media_types import media_type
from mediation.polled_files import DEFAULT_REPLY_NAME, REPLY_FILE_NAME, FileParameters
from mediation.properties import CONTENT_TYPE, MESSAGE_TYPE, is_true
from mediation.triggers import Trigger

if TYPE_CHECKING:
    from mediation.jobs.leases import Claim, Lease
    from mediation.runtime import Runtime

logger = logging.getLogger(__name__)

SETTLED_SECONDS: Final = 2.0
"""After which a file that nobody has written to counts as whole; else it must be the same at two looks."""

ROLLBACK: Final = "SET_ROLLBACK_ONLY"
"""Property of a message (default): a sequence says that the file was not dealt with."""


class FileJob:
    """
    Makes a message of each file, one after the other, and moves or deletes the file when it has been mediated.

    A file is read when it is whole, and leaves its place only as it was read: one that was written to meanwhile stays,
    and becomes another message. When the process ends in between, the file is there, and is taken again.

    Args:
        flow: what messages run through.
        properties: of the default scope of each message.
        wrapper: tag of the element that text and binary content become; ``None`` for the usual ones.
    """

    def __init__(
        self,
        claim: Claim,
        files: FileParameters,
        trigger: Trigger,
        flow: Flow,
        properties: dict[str, Any],
        runtime: Runtime,
        wrapper: str | None = None,
    ) -> None:
        self.claim = claim
        self._files = files
        self._trigger = trigger
        self._flow = flow
        self._properties = properties
        self._runtime = runtime
        self._wrapper = wrapper
        self._seen: dict[Path, Stamp] = {}
        self._left: dict[Path, Stamp] = {}
        self._trouble = ""

    async def work(self, lease: Lease) -> None:
        for wait in self._trigger.waits():
            if not await lease.pause(wait):
                return
            for number, found in enumerate(await self._look()):
                if lease.over or (number and not await lease.pause(self._files.pause / 1000)):
                    return
                await self._process(found, lease)

    # -- which files

    async def _look(self) -> list[Found]:
        """Those that are to be taken now."""
        try:
            found = await asyncio.to_thread(file_system.look, self._files.source)
        except OSError as exc:
            trouble = str(exc)
            if trouble != self._trouble:
                logger.error("{%s} %s cannot be read: %s", self._flow.label, self._files.source, exc)
            self._trouble = trouble
            return []
        self._trouble = ""
        pattern = self._files.pattern
        wanted = [each for each in found if pattern is None or pattern.fullmatch(each.path.name)]
        ready = [each for each in wanted if self._is_ready(each)]
        self._seen = {each.path: each.stamp for each in wanted}
        self._left = {path: stamp for path, stamp in self._left.items() if path in self._seen}
        self._sort(ready)
        return ready[: self._files.batch]

    def _is_ready(self, found: Found) -> bool:
        if self._left.get(found.path) == found.stamp:
            return False
        return self._seen.get(found.path) == found.stamp or time.time() - found.modified >= SETTLED_SECONDS

    def _sort(self, found: list[Found]) -> None:
        match self._files.sort:
            case "size":
                found.sort(key=lambda each: each.stamp[0], reverse=not self._files.ascending)
            case "lastmodifiedtimestamp":
                found.sort(key=lambda each: each.stamp[1], reverse=not self._files.ascending)
            case _:
                found.sort(key=lambda each: each.path.name, reverse=not self._files.ascending)

    # -- one file

    async def _process(self, found: Found, lease: Lease) -> None:
        failure = ""
        try:
            content = await asyncio.to_thread(file_system.read, found, self._files.size_limit)
        except FileNotFoundError:
            return  # somebody was faster
        except (OSError, FileTooLarge) as exc:
            failure = str(exc)
        else:
            failure = await self._mediate(found, content)
        if failure:
            logger.error("{%s} the file %s was not dealt with: %s", self._flow.label, found.path, failure)
        lease.handled(failure)
        try:
            await asyncio.to_thread(self._put_away, found, not failure)
        except OSError as exc:
            # Taken once is enough.
            self._left[found.path] = found.stamp
            logger.error("{%s} the file %s cannot be put away: %s", self._flow.label, found.path, exc)

    async def _mediate(self, found: Found, content: bytes) -> str:
        """Why it failed; empty if it did not."""
        replies: list[MessageContext] = []
        on_reply = None if self._files.reply_directory is None else replies.append
        ctx = self._message(found, content)
        failure = await DetachedClient(self._runtime, self._flow, on_reply).mediate(ctx)
        if failure is not None:
            return str(failure)
        for reply in replies:
            try:
                await self._write(reply)
            except (EsbError, OSError, ValueError) as exc:  # a name may hold what no file system takes
                return f"its reply cannot be written: {exc}"
        return f"{ROLLBACK} is set" if is_true(ctx.get(ROLLBACK)) else ""

    def _message(self, found: Found, content: bytes) -> MessageContext:
        content_type = self._files.type_of(found.path.name)
        modified = datetime.fromtimestamp(found.modified, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return MessageContext(
            self._runtime.environment,
            Payload(content, content_type, wrapper=self._wrapper),
            default=dict(self._properties),
            axis2={MESSAGE_TYPE: media_type(content_type), CONTENT_TYPE: content_type},
            headers=Headers(
                [
                    ("FILE_NAME", found.path.name),
                    ("FILE_PATH", str(found.path)),
                    ("FILE_URI", found.path.as_uri()),
                    ("FILE_LENGTH", str(len(content))),
                    ("LAST_MODIFIED", modified),
                ]
            ),
        )

    async def _write(self, reply: MessageContext) -> None:
        """
        Raises:
            OSError, EsbError: it was not written.
        """
        directory = self._files.reply_directory
        assert directory is not None
        wanted = reply.headers.get(REPLY_FILE_NAME) or self._files.reply_name or DEFAULT_REPLY_NAME
        content, _ = reply.payload.format(reply.get(MESSAGE_TYPE, "axis2"))
        await asyncio.to_thread(file_system.write, content, directory, PurePath(wanted).name)

    def _put_away(self, found: Found, succeeded: bool) -> None:
        files = self._files
        action = files.after_success if succeeded else files.after_failure
        directory = files.success_directory if succeeded else files.failure_directory
        if action == "none":
            self._left[found.path] = found.stamp
        elif file_system.is_unchanged(found):
            if action == "move" and directory is not None:
                file_system.move(found.path, directory, files.moved_name(found.path.name, timezone.localtime()))
            else:
                found.path.unlink()
