"""The ASGI application, for `manage.py serve` and for any other ASGI server."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
django.setup(set_prefix=False)

from playground.routing import websocket_urlpatterns  # noqa: E402  (consumers need the apps to be loaded)
from playground.runs.lifespan import WithEngine  # noqa: E402
from playground.threaded import ThreadedHandler  # noqa: E402

application = WithEngine(
    ProtocolTypeRouter({"http": ThreadedHandler(), "websocket": URLRouter(websocket_urlpatterns)})  # type: ignore[arg-type]
)
