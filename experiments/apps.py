from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    """Questions asked with many runs, or with one that optimises."""

    name = "experiments"
    default_auto_field = "django.db.models.BigAutoField"
