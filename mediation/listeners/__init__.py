"""
The ports that traffic enters through.

::

    ports      which ports should be open, and which are: opens, closes, retries
    websocket  the port of one inbound endpoint
    http       the ports of proxy services, http and https
    origin     who may open a WebSocket from a browser
    holder     who holds a port that we wanted
"""
