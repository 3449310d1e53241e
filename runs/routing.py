"""Which socket answers which address."""

from django.urls import path

from runs.consumers import JsonSocket, PageSocket

websocket_urlpatterns = [
    path("ws/live/", PageSocket.as_asgi()),
    path("ws/", JsonSocket.as_asgi()),
]
