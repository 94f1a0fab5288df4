"""WebSocket URLs."""

from django.urls import path

from playground.runs.consumers import RunConsumer

websocket_urlpatterns = [path("ws/v1", RunConsumer.as_asgi())]  # type: ignore[arg-type]
