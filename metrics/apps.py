from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """What can be measured, and what a person chose."""

    name = "metrics"
