"""The two doors of the server: HTTP and sockets."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simweb.settings")
get_asgi_application()  # sets Django up; what is imported below needs it

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from runs.routing import websocket_urlpatterns  # noqa: E402
from simweb.http import HttpDoor  # noqa: E402

sockets = URLRouter(websocket_urlpatterns)


async def _straight(scope: Any, receive: Any, send: Any) -> None:
    await sockets(scope, receive, scope["straight"])


_signed_in = AuthMiddlewareStack(_straight)


async def _sockets(scope: Any, receive: Any, send: Any) -> None:
    """Who asks is read from the session, once. Frames go out past it: it would look at each whether it must be saved."""
    await _signed_in({**scope, "straight": send}, receive, send)


application = ProtocolTypeRouter({"http": HttpDoor(), "websocket": _sockets})
