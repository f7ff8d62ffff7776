"""``<address uri="vfs:file:///directory"/>``: messages as files of a local directory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from mediation import file_system
from mediation.endpoints.leaf import Leaf
from mediation.endpoints.suspension import Suspension
from mediation.errors import EndpointError, InvalidAddress, NotRunnable
from mediation.polled_files import DEFAULT_REPLY_NAME, REPLY_FILE_NAME, local_path
from mediation.properties import MESSAGE_TYPE
from mediation.transports import TRANSPORTS, Answer, SendOptions, Transport

if TYPE_CHECKING:
    from lxml import etree

    from mediation.endpoints.leaf import EndpointProperty
    from mediation.endpoints.settings import Settings
    from mediation.message import MessageContext

PREFIXES: Final = ("vfs:file:", "file:")
APPEND: Final = "transport.vfs.Append"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEndpoint(Leaf):
    """
    Writes each message as a file that is whole when it appears. Nobody answers.

    ::

        <endpoint><address uri="vfs:file:///var/orders"/></endpoint>

    The transport header ``transport.vfs.ReplyFileName`` says the name of the file, whose directory is always the
    endpoint's. Only the configuration says where files are written: a message that names such an address is refused.

    Attributes:
        path: the directory; or the file, if the address names one.
        append: write behind what is in the file.
    """

    address: str
    path: Path
    append: bool

    @property
    def address_text(self) -> str:
        return self.address

    def uri(self, ctx: MessageContext) -> str:
        return self.address

    def deliver(
        self, transport: Transport, ctx: MessageContext, uri: str, options: SendOptions
    ) -> Awaitable[Answer | None]:
        # Made of the message at once: what happens to the message afterwards does not change it.
        content, _ = ctx.payload.format(ctx.axis2.get(MESSAGE_TYPE))
        wanted = ctx.headers.get(REPLY_FILE_NAME)
        return self._write(content, None if wanted is None else PurePath(wanted).name)

    async def _write(self, content: bytes, name: str | None) -> None:
        try:
            await asyncio.to_thread(self._write_now, content, name)
        except (OSError, ValueError) as exc:  # a name may hold what no file system takes
            raise EndpointError(f"{self.address} cannot be written: {exc}") from exc

    def _write_now(self, content: bytes, name: str | None) -> None:
        is_file = name is None and not self.path.is_dir() and self.path.suffix != ""
        directory = self.path.parent if is_file else self.path
        name = self.path.name if is_file else name or DEFAULT_REPLY_NAME
        file_system.write(content, directory, name, append=self.append)


class _NoFiles:
    """What is in the place of a transport for addresses that messages name."""

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Answer:
        raise InvalidAddress(uri, "only endpoints whose address stands in the configuration write files")


TRANSPORTS["vfs"] = TRANSPORTS["file"] = _NoFiles()


def names_file(address: str) -> bool:
    """Whether an address leads to files of this machine."""
    return address.lower().startswith(PREFIXES)


def file_endpoint(
    name: str, address: str, settings: Settings, properties: tuple[EndpointProperty, ...], element: etree._Element
) -> FileEndpoint:
    """
    Raises:
        ConfigurationError: it is no place for files, or a message would say which.
    """
    if "${" in address or "{" in address:
        raise NotRunnable("an address of files that depends on the message", line=element.sourceline)
    options = parse_qs(address.partition("?")[2])
    return FileEndpoint(
        name=name,
        kind="Address",
        settings=settings,
        suspension=Suspension(f"{name} with address {address}"),
        properties=properties,
        address=address,
        path=local_path(address),
        append=options.get(APPEND, [""])[-1].lower() == "true",
    )
