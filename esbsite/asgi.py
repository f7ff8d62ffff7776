"""
What an ASGI server serves on the main port; and the engine beside it.

The engine starts when a server runs this application: with the reactor under daphne, with ``lifespan`` elsewhere.
Importing this module starts nothing.
"""

import os

from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esbsite.settings")
django_application = get_asgi_application()

# Only now: what follows needs the models, and get_asgi_application() has loaded the apps.
from artifacts.authentication import DjangoAuthenticator  # noqa: E402
from artifacts.deployment import DatabaseSource  # noqa: E402
from artifacts.signals import deployed  # noqa: E402
from esbsite import lifecycle  # noqa: E402
from mediation.consumers import InboundConsumer  # noqa: E402
from mediation.server import Server  # noqa: E402

# A layer in memory reaches nobody else.
server = Server(authenticator=DjangoAuthenticator(), layer=get_channel_layer() if settings.ESB_REDIS_URL else None)


async def start() -> None:
    # A change that this very process made need not wait for the next poll.
    deployed.connect(lambda **_: server.reload(), weak=False, dispatch_uid="reload")
    await server.start(DatabaseSource())


async def no_such_path(scope, receive, send) -> None:
    await receive()
    await send({"type": "websocket.close"})


application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter(
            [
                re_path(
                    r"^inbound/(?P<name>[^/]+)(?:/(?P<path>.*))?$",
                    InboundConsumer.as_asgi(runtime=server.runtime),
                ),
                re_path("", no_such_path),
            ]
        ),
        "lifespan": lifecycle.Lifespan(start, server.drain),
    }
)
lifecycle.follow_reactor(start, server.drain, server.options.drain_seconds)
