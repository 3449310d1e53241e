from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who is asking, and what may they do."""

    name = "simweb.access"
    label = "access"
    verbose_name = "Access"
