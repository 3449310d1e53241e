"""Pages for signing in."""

from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from simweb.access.services import use_sign_in_link


class SignIn(LoginView):
    """By name and password, for people whom an admin has given one."""

    template_name = "access/sign_in.html"
    redirect_authenticated_user = True


@never_cache
def sign_in_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """By the one-time link that the server prints. A GET shows a button: link previews must not use the link up."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    if request.method != "POST":
        return render(request, "access/sign_in_link.html")
    user = use_sign_in_link(secret)
    if user is None:
        return render(request, "access/sign_in_link.html", {"used": True}, status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("dashboard")
