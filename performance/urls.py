from django.urls import path

from performance import scrape

urlpatterns = [
    path("metrics", scrape.metrics),  # not under /api: where Prometheus looks
]
