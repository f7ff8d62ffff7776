"""
The engine: XML to mediators, messages through them.

Four bands, each importing only from those above it::

    values      errors  findings  properties  headers  payloads/  message  expressions/
    language    environment  flow  inbox  grammar  transports/  endpoints/  mediators/
                parameters  proxy_service  inbound_endpoint  local_entry  compiler  defaults
    run time    options  client_messages  session  exchange  shared_backends  runtime  monitoring/
    edges       consumers (Channels)  views (Django)  listeners/ (ports)

and on top of all: server (life cycle).

Knows nothing of where artifacts are stored: it asks an :class:`mediation.environment.Environment`.
"""
