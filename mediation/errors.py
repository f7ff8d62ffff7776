"""
Everything that can go wrong, in one tree.

::

    EsbError
    ├── ConfigurationError            an artifact cannot be what its XML says
    │   ├── XmlError                  not well-formed, or refused (DOCTYPE, too large)
    │   ├── GrammarError              an element, attribute or value that the language does not have
    │   ├── ExpressionSyntaxError     an XPath, JSONPath or regular expression that does not compile
    │   ├── KeyStoreError             a key or trust store that cannot be used
    │   └── NotRunnable               part of the language, but not of this product (yet)
    ├── AuthenticationUnavailable     nobody can say now who a client is
    └── MediationError                a message cannot go on: its fault sequence runs
        ├── PayloadError              the body is not what its content type says
        ├── ExpressionError           an expression failed on this message
        ├── InvalidHeader             a header that cannot be written
        ├── SequenceNotFound
        ├── TemplateNotFound
        ├── MissingTemplateParameter
        ├── TooManySteps              sequences that call each other without end
        └── EndpointError
            ├── InvalidAddress        the message names an address that is none
            ├── LoopDetected          the message has come back to this process too often
            ├── EndpointNotFound
            ├── BlockingCallFailed    a blocking call was answered with an HTTP error
            ├── EndpointNotReady      suspended, or switched off
            ├── NoEndpointReady       the same, of a group
            ├── AuthenticationFailed  no credentials for the back-end
            ├── SoapFaultReceived
            ├── ConnectionFailed
            │   └── InvalidHandshakeResponse
            ├── ConnectionLost
            └── SendTimeout

An error keeps its parts and composes its sentence. ``ERROR_CODE`` values are those of
``docs/compatibility.md`` (error codes).
"""

from __future__ import annotations

import enum
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediation.flow import Step


class EsbError(Exception):
    """Base of all errors of this project."""


# -- configuration
# -------------------------------------------------------------------------------------------------------


class ConfigurationError(EsbError):
    """
    An artifact cannot be what its XML says.

    Args:
        message: what is wrong and what would be right, without a line number.
        line: 1-based line in the text that was read, if known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


class XmlError(ConfigurationError):
    """XML that cannot be read: not well-formed, with a DOCTYPE, or over a limit."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message, line)
        self.column = column


class GrammarError(ConfigurationError):
    """An element, attribute or value that the language does not have."""

    @classmethod
    def choice(cls, tag: str, attribute: str, value: str, choices: Iterable[str], line: int | None) -> GrammarError:
        return cls(f'<{tag}> {attribute} "{value}" is not one of {", ".join(choices)}', line)

    @classmethod
    def missing(cls, tag: str, what: str, line: int | None) -> GrammarError:
        return cls(f"<{tag}> needs {what}", line)


class ExpressionSyntaxError(ConfigurationError):
    """An XPath, JSONPath or regular expression that does not compile."""

    def __init__(self, expression: str, reason: str, line: int | None = None) -> None:
        super().__init__(f'expression "{expression}" cannot be used: {reason}', line)
        self.expression = expression
        self.reason = reason


class KeyStoreError(ConfigurationError):
    """A key store or trust store that is not there, cannot be read, or does not hold what it should."""


class Needs(enum.StrEnum):
    """What something that does not run would need, beside being written."""

    NOTHING = ""
    JAVA = "Java"
    TRANSPORT = "transport"
    """A transport other than WebSocket, HTTP, local and files."""
    CONNECTOR = "connector"
    """The package of a connector, which was not given."""


class NotRunnable(ConfigurationError):
    """
    Part of the language that this version stores and reports, but does not run.

    Args:
        hint: what to use instead.
    """

    def __init__(self, what: str, hint: str = "", line: int | None = None, *, needs: Needs = Needs.NOTHING) -> None:
        super().__init__(f"{what} is kept, but cannot run in this version" + (f": {hint}" if hint else ""), line)
        self.what = what
        self.hint = hint
        self.needs = needs


class AuthenticationUnavailable(EsbError):
    """Nobody can say now who a client is. It is not let in, and may try again."""


# -- mediation
# -----------------------------------------------------------------------------------------------------------


class MediationError(EsbError):
    """
    A message cannot go on. The nearest fault handler gets it as ``ERROR_CODE``, ``ERROR_MESSAGE`` and ``ERROR_DETAIL``.

    Args:
        message: one line; some texts are those of the originals, word for word.
        code: ``ERROR_CODE``; each class has its default.
        detail: ``ERROR_DETAIL``; by default the class and message of what caused this.
    """

    code: int | str = 0

    def __init__(self, message: str, *, code: int | str | None = None, detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self._detail = detail
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.message

    @property
    def detail(self) -> str:
        if self._detail is not None:
            return self._detail
        return "".join(traceback.format_exception_only(self.__cause__ or self)).strip()


class PayloadError(MediationError):
    """The body is not what its content type says, or goes over a limit."""

    code = 601000


class ExpressionError(MediationError):
    """An expression failed on this message."""

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(f'expression "{expression}" failed: {reason}')
        self.expression = expression
        self.reason = reason


class InvalidHeader(MediationError, ValueError):
    """A header or sub-protocol that cannot be put into a handshake, such as one with a line feed in it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"header {name!r} {reason}")
        self.name = name


class SequenceNotFound(MediationError):
    """A ``<sequence key="..."/>`` that names no deployed sequence."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Sequence named {key} cannot be found")
        self.key = key


class TemplateNotFound(MediationError):
    """A ``<call-template>`` that names no deployed sequence template."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Sequence template {name} cannot be found")
        self.name = name


class MissingTemplateParameter(MediationError):
    """A sequence template was called without a parameter that it cannot do without."""

    code = 500101

    def __init__(self, parameter: str, template: str) -> None:
        super().__init__(
            f"Neither a value nor default value is provided for mandatory parameter: {parameter} "
            f"in seq-template {template}"
        )
        self.parameter = parameter
        self.template = template


class TooManySteps(MediationError):
    """Sequences that call each other deeper than :data:`mediation.flow.MAX_DEPTH`."""

    def __init__(self, name: str, depth: int) -> None:
        super().__init__(f"Sequence {name} is more than {depth} sequences deep; does it call itself?")


class EndpointError(MediationError):
    """
    A message could not be delivered to a back-end, or the back-end failed.

    Attributes:
        can_go_elsewhere: whether a group of endpoints may send the message to another one.
        handler: what deals with this failure before the nearest fault handler does: the ``onError`` of the endpoint.
    """

    code = 101500
    can_go_elsewhere = True
    handler: Step | None = None


class AuthenticationFailed(EndpointError):
    """There are no credentials for the back-end. It is not suspended for that."""

    code = 303003


class SoapFaultReceived(EndpointError):
    """The back-end answered with a SOAP fault, and ``FORCE_ERROR_ON_SOAP_FAULT`` makes that a failure."""

    code = 500000


class BlockingCallFailed(EndpointError):
    """The answer to a blocking ``<call>`` is an HTTP error."""

    code = 401001

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"Transport error: {status} Error: {reason}".rstrip())
        self.status = status


class CalloutFailed(EndpointError):
    """A ``<callout>`` got no answer, or one that is an error."""

    code = 401000


class NoEndpointReady(EndpointError):
    """All endpoints of a group are suspended or switched off."""

    code = 303000


class InvalidAddress(EndpointError):
    """The message is to go where nothing can go. That is its own fault: no endpoint is suspended for it."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"{uri!r} is not an address: {reason}")
        self.uri = uri


class LoopDetected(EndpointError):
    """The message comes back to where it is sent from, again and again. No endpoint is suspended for that."""

    can_go_elsewhere = False

    def __init__(self, uri: str, hops: int) -> None:
        super().__init__(f"the message has come back {hops} times, and is to go to {uri}; does a service call itself?")
        self.uri = uri


class EndpointNotFound(EndpointError):
    code = 305100

    def __init__(self, key: str) -> None:
        super().__init__(f"Couldn't find the endpoint with the key : {key}")
        self.key = key


class EndpointNotReady(EndpointError):
    """The endpoint is suspended after failures, or an address is missing."""

    code = 303001


class ConnectionFailed(EndpointError):
    """
    No connection to the back-end: refused, unknown host, TLS failure or time out.

    Args:
        uri: the address that was tried.
        reason: for people, such as ``Connection refused: localhost/127.0.0.1:8082``; also the reason of a Close 1014.
    """

    code = 101503

    def __init__(self, uri: str, reason: str, *, code: int | None = None) -> None:
        super().__init__(reason, code=code)
        self.uri = uri
        self.reason = reason


class InvalidHandshakeResponse(ConnectionFailed):
    """A WebSocket back-end answered the upgrade with something other than a valid 101."""

    code = 0

    def __init__(self, uri: str, status: int, text: str) -> None:
        super().__init__(uri, f"Invalid handshake response getStatus: {status} {text}".rstrip(), code=0)
        self.status = status


class ConnectionLost(EndpointError):
    """The back-end closed the connection before it answered."""

    code = 101505


class SendTimeout(EndpointError):
    """The back-end did not answer in time."""

    code = 101504

    def __init__(self, uri: str, seconds: float) -> None:
        super().__init__("Send timeout", detail="")
        self.uri = uri
        self.seconds = seconds
