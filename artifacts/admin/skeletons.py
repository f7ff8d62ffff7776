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
    "api": """\
<api xmlns="http://ws.apache.org/ns/synapse" name="" context="/">
    <resource methods="GET" uri-template="/{id}">
        <inSequence>
            <respond/>
        </inSequence>
    </resource>
</api>
""",
    "template": """\
<template xmlns="http://ws.apache.org/ns/synapse" name="">
    <parameter name="text"/>
    <sequence>
        <log level="custom">
            <property name="text" expression="$func:text"/>
        </log>
    </sequence>
</template>
""",
    "messageStore": """\
<messageStore xmlns="http://ws.apache.org/ns/synapse" name=""/>
""",
    "messageProcessor": """\
<messageProcessor xmlns="http://ws.apache.org/ns/synapse" name=""
                  class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor"
                  messageStore="" targetEndpoint="">
    <parameter name="interval">1000</parameter>
    <parameter name="max.delivery.attempts">4</parameter>
</messageProcessor>
""",
    "task": """\
<task xmlns="http://ws.apache.org/ns/synapse" name="" class="org.apache.synapse.startup.tasks.MessageInjector">
    <trigger interval="60"/>
    <property xmlns="" name="injectTo" value="sequence"/>
    <property xmlns="" name="sequenceName" value="main"/>
    <property xmlns="" name="message"><message xmlns=""/></property>
</task>
""",
}
