from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    """How simulations have been doing."""

    name = "performance"
