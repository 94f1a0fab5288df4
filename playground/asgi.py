"""The ASGI application, for `manage.py serve` and for any other ASGI server."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")

_http = get_asgi_application()

from playground.routing import websocket_urlpatterns  # noqa: E402  (consumers need the apps to be loaded)
from playground.runs.lifespan import WithEngine  # noqa: E402

application = WithEngine(
    ProtocolTypeRouter({"http": _http, "websocket": URLRouter(websocket_urlpatterns)})  # type: ignore[arg-type]
)
