"""Parameters of the ``ws`` and ``wss`` transport senders."""

from mediation.transports.websocket.parameters import SenderParameters, sender_parameters, websocket_remarks


def test_every_parameter_is_read():
    parameters = sender_parameters(
        {
            "ws.outflow.dispatch.sequence": "out",
            "ws.outflow.dispatch.fault.sequence": "outFault",
            "ws.custom.header": "my.header.",
            "ws.headers.preserve": "Authorization, Cookie",
            "ws.connect.timeout": "2.5",
            "ws.handshake.timeout": "3",
            "ws.opening.messages": ' {"op":"login"}\n\n{"op":"subscribe"} ',
            "ws.heartbeat.message": "ping",
            "ws.heartbeat.interval": "20",
            "ws.proxyProfiles": "<profile><targetHosts>*</targetHosts><proxyHost>p</proxyHost>"
            "<proxyPort>3128</proxyPort></profile>",
            "ws.http.connect_failure_status": "503",
        }
    )
    assert (parameters.outflow_sequence, parameters.outflow_fault_sequence) == ("out", "outFault")
    assert parameters.custom_header_prefix == "my.header."
    assert parameters.preserved_headers == ("Authorization", "Cookie")
    assert (parameters.connect_timeout, parameters.handshake_timeout) == (2.5, 3)
    assert parameters.opening_messages == ('{"op":"login"}', '{"op":"subscribe"}')
    assert (parameters.heartbeat_message, parameters.heartbeat_interval) == ("ping", 20)
    assert parameters.proxy_profiles[0].proxy.host == "p"
    assert parameters.connect_failure_status == 503


def test_without_parameters_the_defaults_count():
    assert sender_parameters({}) == SenderParameters()


def test_a_wrong_value_is_told_once_and_its_default_counts(caplog):
    for _ in range(3):
        assert sender_parameters({"ws.connect.timeout": "soon"}).connect_timeout == 10
    assert caplog.text.count('ws.connect.timeout "soon" is not a number of seconds') == 1


def test_remarks_on_the_parameters_of_a_sender():
    assert websocket_remarks({"ws.connect.timeout": "5", "ws.http.connection": "proxy"}) == []
    assert websocket_remarks({"ws.http.reply": "maybe", "other": "1"}) == [
        'parameter ws.http.reply "maybe" is not one of none, first, correlated',
        'parameter "other" is not known; it is ignored',
    ]
