"""Is the server alive, and is it ready for work?"""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from runs.executors import get_executor


def health(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, channel layer and executor, each "ok" or what is wrong; 503 unless all are."""
    parts = {"database": _database(), "channel_layer": _channel_layer(), "executor": get_executor().state}
    good = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if good else "not ready", **parts}, status=200 if good else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return str(error)
    return "ok"


def _channel_layer() -> str:
    if not settings.REDIS_URL:
        return "ok"
    import redis  # only where it is configured

    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2).ping()
    except redis.RedisError as error:
        return str(error)
    return "ok"
