"""What "Add" starts from: a small artifact of each kind that lacks only its name."""

from typing import Final

SKELETONS: Final = {
    "sequence": """\
<sequence xmlns="http://ws.apache.org/ns/synapse" name="">
    <log level="simple"/>
    <respond/>
</sequence>
""",
    "proxy": """\
<proxy xmlns="http://ws.apache.org/ns/synapse" name="" transports="http https" startOnLoad="true">
    <target>
        <inSequence>
            <respond/>
        </inSequence>
    </target>
</proxy>
""",
    "inboundEndpoint": """\
<inboundEndpoint xmlns="http://ws.apache.org/ns/synapse" name="" protocol="ws"
                 sequence="main" onError="fault" suspend="false">
    <parameters>
        <parameter name="inbound.ws.port">9091</parameter>
        <parameter name="ws.client.side.broadcast.level">0</parameter>
        <parameter name="ws.outflow.dispatch.sequence">main</parameter>
    </parameters>
</inboundEndpoint>
""",
    "endpoint": """\
<endpoint xmlns="http://ws.apache.org/ns/synapse" name="">
    <address uri="ws://localhost:8082/websocket"/>
</endpoint>
""",
    "localEntry": """\
<localEntry xmlns="http://ws.apache.org/ns/synapse" key="">text</localEntry>
""",
}
