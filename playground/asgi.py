"""The ASGI application: `application` for any ASGI server, `protocols` for `manage.py serve`, which owns its engine."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
django.setup(set_prefix=False)

from playground.gateway.app import Gateway  # noqa: E402
from playground.routing import websocket_urlpatterns  # noqa: E402  (consumers need the apps to be loaded)
from playground.runs.lifespan import WithEngine  # noqa: E402
from playground.threaded import ThreadedHandler  # noqa: E402

protocols = ProtocolTypeRouter(
    {"http": Gateway(ThreadedHandler()), "websocket": URLRouter(websocket_urlpatterns)}  # type: ignore[arg-type]
)
application = WithEngine(protocols)  # type: ignore[arg-type]  # its scopes are typed dicts
