"""
Property names with a meaning of their own: who sets each, who reads it.

Names are Synapse's, in the scopes *default*, *axis2* and *transport* (``docs/websocket.md`` has the table for users).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

SCOPES: Final = (
    "default",
    "axis2",
    "transport",
    "operation",
    "axis2-client",
    "registry",
    "trace",
    "system",
    "analytics",
)
"""The scopes that a mediator may write; ``func`` and ``env`` can only be read."""

# -- faults: set by flow.set_error, read by fault sequences (default scope)
ERROR_CODE: Final = "ERROR_CODE"
"""default; the number of the error."""
ERROR_MESSAGE: Final = "ERROR_MESSAGE"
"""default; what went wrong, in one sentence."""
ERROR_DETAIL: Final = "ERROR_DETAIL"
"""default; where it went wrong."""
ERROR_EXCEPTION: Final = "ERROR_EXCEPTION"
"""default; the exception."""

# -- flow: set by sequences
OUT_ONLY: Final = "OUT_ONLY"
"""default; send and call expect no reply. Read by the send and call mediators."""
FORCE_ERROR_ON_SOAP_FAULT: Final = "FORCE_ERROR_ON_SOAP_FAULT"
"""default; a SOAP fault that a back-end answers with is a failure. Read by endpoints."""
EXPIRED: Final = "ENDPOINT_EXPIRED"
"""operation; a message was not answered in time, and no fault sequence runs. Set by endpoints, read by Exchange."""
BLOCKING_SENDER_ERROR: Final = "blocking.sender.error"
"""default; "true" when a blocking call has failed. Set by the call mediator."""
PRESERVE_REQUEST_HEADERS: Final = "blocking.sender.preserve.req.headers"
"""default; false has a blocking call take over the headers of the answer. Read by the call mediator."""
ERROR_STATUSES: Final = "error.http.status.codes"
"""axis2; HTTP statuses, with commas between, that make a blocking call fail. Read by the call mediator."""
NO_ERROR_STATUSES: Final = "non.error.http.status.codes"
"""axis2; HTTP statuses, with commas between, that make no blocking call fail. Read by the call mediator."""
RESPONSE: Final = "RESPONSE"
"""default; overrides the response flag of the message. Read by MessageContext.is_response."""
FORCE_SC_ACCEPTED: Final = "FORCE_SC_ACCEPTED"
"""axis2; the HTTP client gets 202 when mediation ends. Read by Exchange."""
HTTP_SC: Final = "HTTP_SC"
"""axis2; the HTTP status of the answer. Set by sequences and by the HTTP transport for a response leg."""
HTTP_SC_DESC: Final = "HTTP_SC_DESC"
"""axis2; the reason phrase beside that status."""
HTTP_METHOD: Final = "HTTP_METHOD"
"""axis2; set by the listener, read by the HTTP transport."""
ENABLE_MTOM: Final = "enableMTOM"
"""axis2; the message leaves as MTOM. Read by the HTTP transport and by Exchange, as is the next one."""
ENABLE_SWA: Final = "enableSwA"
"""axis2; the message leaves as SOAP with Attachments."""
NO_ENTITY_BODY: Final = "NO_ENTITY_BODY"
"""axis2; no body is written. Read by the HTTP transport and by Exchange."""
NO_KEEPALIVE: Final = "NO_KEEPALIVE"
"""axis2; the connection to the back-end is closed after its answer. Read by the HTTP transport."""
FORCE_POST_PUT_NOBODY: Final = "FORCE_POST_PUT_NOBODY"
"""axis2; a POST or PUT to a back-end has no body. Read by the HTTP transport, as are the next three."""
FORCE_HTTP10: Final = "FORCE_HTTP_1.0"
"""axis2; requests are those of HTTP/1.0."""
POST_TO_URI: Final = "POST_TO_URI"
"""axis2; the request line has the whole address."""
GZIP_REQUEST: Final = "transport.http.gzipRequest"
"""axis2; the body of a request to a back-end is compressed."""
MESSAGE_TYPE: Final = "messageType"
"""axis2; the media type that the body is formatted to. Setting it also sets ContentType."""
CONTENT_TYPE: Final = "ContentType"
"""axis2; the Content-Type header alone."""
REST_URL_POSTFIX: Final = "REST_URL_POSTFIX"
"""axis2; what follows the proxy's name in the path, with the query. Appended to the address of a REST message."""
# default; set for messages of an API, read by sequences (docs/compatibility.md, REST APIs)
REST_FULL_REQUEST_PATH: Final = "REST_FULL_REQUEST_PATH"
"""default; the whole path of a request to an API, with its query."""
REST_SUB_REQUEST_PATH: Final = "REST_SUB_REQUEST_PATH"
"""default; what follows the context and version of the API, with the query."""
REST_API_CONTEXT: Final = "REST_API_CONTEXT"
"""default; the context of the API."""
REST_METHOD: Final = "REST_METHOD"
"""default; the HTTP method of a request to an API."""
REST_URL_PREFIX: Final = "REST_URL_PREFIX"
"""default; scheme, host and port of a request to an API."""
SYNAPSE_REST_API: Final = "SYNAPSE_REST_API"
"""default; the name of the API, with its version."""
SYNAPSE_REST_API_VERSION: Final = "SYNAPSE_REST_API_VERSION"
"""default; the version of the API."""
SYNAPSE_REST_API_VERSION_STRATEGY: Final = "SYNAPSE_REST_API_VERSION_STRATEGY"
"""default; where that version stands: ``url`` or ``context``."""
CHARACTER_SET_ENCODING: Final = "CHARACTER_SET_ENCODING"
"""axis2; charset of a body that has to be written. Read by the HTTP transport and by Exchange."""
SET_CHARACTER_ENCODING: Final = "setCharacterEncoding"
"""axis2; ``false`` leaves the charset out of the Content-Type."""
REQUEST_HOST_HEADER: Final = "REQUEST_HOST_HEADER"
"""axis2; the Host header of a request to a back-end. Read by the HTTP transport."""
FAULTS_AS_HTTP_200: Final = "FAULTS_AS_HTTP_200"
"""axis2; a SOAP fault is answered with 200 instead of 500. Read by Exchange."""
CORRELATION_ID: Final = "correlation_id"
"""axis2; printed by the log mediator."""
QUOTE_STRINGS: Final = "QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON"
"""default; the payload factory puts quotes around strings in JSON."""
TRANSPORT_HEADERS: Final = "TRANSPORT_HEADERS"
"""axis2; removing it drops all transport headers."""
TRANSPORT_IN_NAME: Final = "TRANSPORT_IN_NAME"
"""default; the transport that the message came in through."""
TRANSPORT_IN_URL: Final = "TransportInURL"
"""axis2; the path that it was sent to."""
REMOTE_ADDR: Final = "REMOTE_ADDR"
"""axis2; the IP address of the client."""
REMOTE_HOST: Final = "REMOTE_HOST"
"""axis2; the host of the client."""
PROXY_NAME: Final = "proxy.name"
"""default; the proxy service that the message came in through."""

# -- branches: set by clone, iterate, foreach and recipient lists (default scope)
MESSAGE_SEQUENCE: Final = "messageSequence"
"""``i/n`` on each branch, from ``0/n`` on. Read by aggregate, by the name with its id: ``messageSequence.id``."""
AGGREGATE_CORRELATION: Final = "aggregateCorelation"  # the misspelling is the real name
"""On each branch: the MessageID of the message that it comes from; with an id as above. Read by aggregate."""
CLONED_ITERATION_INDEX: Final = "CLONED_ITERATION_INDEX"
"""On each clone its number, from 1 on; on the message that was cloned the last one."""
STOP_TARGET_EXECUTION_ON_FAILURE: Final = "STOP_TARGET_EXECUTION_ON_FAILURE"
"""default; set by sequences: a sequential clone runs no further target after one that has failed."""
FOREACH_ORIGINAL_MESSAGE: Final = "FOREACH_ORIGINAL_MESSAGE"
"""The envelope before the loop; with an id ``id_FOREACH_ORIGINAL_MESSAGE``. Set by foreach."""
FOREACH_COUNTER: Final = "FOREACH_COUNTER"
"""The number of the round, from 0 on; with an id as above. Set by foreach."""

# -- WebSocket: set by Session on messages of the client leg
IS_INBOUND: Final = "isInbound"
INBOUND_ENDPOINT_NAME: Final = "inbound.endpoint.name"
API_CALLER: Final = "api.caller"
CLIENT_ID: Final = "clientId"
SOURCE_CHANNEL: Final = "websocket.source.channel.identifier"
"""default and axis2; unique text that names the client's connection."""
SUBSCRIBER_PATH: Final = "websocket.subscriber.path"
SUBPROTOCOL: Final = "websocket.subprotocol"
SOURCE_HANDSHAKE: Final = "source.handshake.present"
SOURCE_HANDSHAKE_OLD: Final = "websocket.source.handshake.present"
TARGET_HANDSHAKE: Final = "websocket.target.handshake.present"
TEXT_FRAME_PRESENT: Final = "websocket.text.frame.present"
TEXT_FRAME: Final = "websocket.text.frame"
BINARY_FRAME_PRESENT: Final = "websocket.binary.frame.present"
BINARY_FRAME: Final = "websocket.binary.frame"
CONNECTION_TERMINATE: Final = "connection.terminate"
HANDSHAKE_HEADER_PREFIX: Final = "websocket.handshake.header."
"""default; the headers of the client's handshake, on every message when its inbound endpoint says so."""
TARGET_RECONNECTED: Final = "websocket.target.reconnected"
"""default; the back-end connection that is told of is not the first one to this address."""
PING_FRAME_PRESENT: Final = "websocket.ping.frame.present"
PING_FRAME: Final = "websocket.ping.frame"
PONG_FRAME_PRESENT: Final = "websocket.pong.frame.present"
PONG_FRAME: Final = "websocket.pong.frame"
CLOSE_CLIENT: Final = "websocket.close.client"
"""default; ``<respond/>`` closes the client's connection with the code and reason of the next two."""
CLOSE_CODE: Final = "websocket.close.code"
CLOSE_REASON: Final = "websocket.reason.text"

# -- WebSocket: set by Session on messages of both legs, when the client has proved who it is (default and axis2)
USER: Final = "websocket.user"
USER_GROUPS: Final = "websocket.user.groups"
"""Names, separated by commas."""
AUTH_SCHEME: Final = "websocket.auth.scheme"
AUTH_CLAIMS: Final = "websocket.auth.claims"
"""Claims of a JWT, as JSON text."""
CLIENT_CERTIFICATE_SUBJECT: Final = "websocket.client.certificate.subject"
"""default and axis2, as the others; only when the client showed a certificate that was verified."""
CLIENT_CERTIFICATE_ISSUER: Final = "websocket.client.certificate.issuer"
CLIENT_CERTIFICATE_SERIAL: Final = "websocket.client.certificate.serial"
CLIENT_CERTIFICATE_NAMES: Final = "websocket.client.certificate.names"
CLIENT_CERTIFICATE_FINGERPRINT: Final = "websocket.client.certificate.fingerprint"

# -- WebSocket: set by sequences
CLOSE_FRAME_STATUS: Final = "websocket.close.frame.status.code"
CLOSE_FRAME_REASON: Final = "websocket.close.frame.reason.text"
CLIENT_ERROR_CODE: Final = "errorCode"  # lower case e: not ERROR_CODE
FORWARD_ORIGINAL_FRAME: Final = "websocket.forward.original.frame"
OUTFLOW_SEQUENCE: Final = "ws.outflow.dispatch.sequence"
OUTFLOW_FAULT_SEQUENCE: Final = "ws.outflow.dispatch.fault.sequence"
ACCEPT_CONTENT_TYPE: Final = "websocket.accept.contenType"  # the misspelling is the real name
ACCEPT_CONTENT_TYPE_CORRECT: Final = "websocket.accept.contentType"  # has no effect in the originals either
CUSTOM_HEADER_PREFIX: Final = "websocket.custom.header."
PRESERVED_HEADERS: Final = "ws.headers.preserve"
"""axis2; names of the client's headers that go into the handshake with a back-end. Set by Session."""


def mark_frame(properties: dict[str, Any], frame: str | bytes, present: bool = True) -> None:
    """Say in a scope that the message is a WebSocket frame, and which."""
    if isinstance(frame, str):
        properties[TEXT_FRAME_PRESENT] = present
        properties[TEXT_FRAME] = frame
    else:
        properties[BINARY_FRAME_PRESENT] = present
        properties[BINARY_FRAME] = frame


def handshake_properties(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A handshake's headers as properties, by their names as sent and in lower case."""
    properties = {}
    for name, value in headers:
        properties[HANDSHAKE_HEADER_PREFIX + name] = properties[HANDSHAKE_HEADER_PREFIX + name.lower()] = value
    return properties


def is_true(value: object) -> bool:
    """True for ``True`` and for the text ``true`` in any case: sequences set flags in either type."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
