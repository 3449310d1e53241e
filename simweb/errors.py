"""What a person, or a program, is told when a page cannot be had."""

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from simweb.api import problem
from simweb.texts import can_be_kept

Answer = Callable[[HttpRequest], HttpResponse]
RETRY_AFTER = "5"


def bad_request(request: HttpRequest) -> HttpResponse:
    """400: a text that cannot be kept."""
    return _say(request, 400, "This cannot be read", "A text in the request holds a NUL or half a character.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _say(request, 404, "There is no such page", "It may have been deleted, or the address is mistyped.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: signed in, but not allowed."""
    return _say(request, 403, "This is not for your role", f"{exception}.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; or 503 when Django asks while it handles that the database is away."""
    if is_away(sys.exc_info()[1]):
        return _database_away(request)
    return _say(
        request, 500, "Something went wrong on the server", "The server's log says what. Nothing you entered was saved."
    )


def is_away(error: BaseException | None) -> bool:
    """Whether the database cannot be had just now: it is gone, locked, or full. A wrong statement is no such thing."""
    of_the_statement = getattr(error.__cause__, "sqlite_errorname", "") == "SQLITE_ERROR" if error else False
    return isinstance(error, OperationalError | InterfaceError) and not of_the_statement


def _database_away(request: HttpRequest) -> HttpResponse:
    """503. The page is drawn without any other: who is signed in is not known without a database."""
    title, detail = "The database cannot be reached", "The database cannot be reached just now. Try again in a moment."
    if request.path.startswith("/api/"):
        response = problem(503, detail)
    else:
        response = HttpResponse(render_to_string("away.html", {"title": title, "detail": detail}), status=503)
    response["Retry-After"] = RETRY_AFTER
    return response


def api_problems(get_response: Answer) -> Answer:
    """Middleware: a wrong method gets an answer in words, too; by itself the framework's is empty."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405:
            return response
        if not request.path.startswith("/api/"):
            said = _say(
                request, 405, "This address is not a page", f"It takes {response['Allow']}: it is behind a button."
            )
            said["Allow"] = response["Allow"]
            return said
        said = problem(405, f"{request.method} is not for this address; it takes {response['Allow']}")
        said["Allow"] = response["Allow"]
        return said

    return answer


def keepable_texts(get_response: Answer) -> Answer:
    """Middleware: addresses, queries and forms whose texts no database can keep are refused."""

    def answer(request: HttpRequest) -> HttpResponse:
        asked = [request.path, dict(request.GET.lists())]
        if request.method == "POST" and not request.path.startswith("/api/"):
            asked.append(dict(request.POST.lists()))
        return get_response(request) if can_be_kept(asked) else bad_request(request)

    return answer


def _say(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(status, detail)
    return render(request, "error.html", {"title": title, "detail": detail, "status": status}, status=status)
