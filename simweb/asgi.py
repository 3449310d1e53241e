"""The two doors of the server: HTTP and sockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simweb.settings")
get_asgi_application()  # sets Django up; what is imported below needs it

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402

from runs.routing import websocket_urlpatterns  # noqa: E402
from simweb.http import HttpDoor  # noqa: E402

application = ProtocolTypeRouter({"http": HttpDoor(), "websocket": CookieMiddleware(URLRouter(websocket_urlpatterns))})
