from django.urls import path

from performance import scrape, views

urlpatterns = [
    path("metrics", scrape.metrics),  # not under /api: where Prometheus looks
    path("performance/", views.system, name="performance"),
    path("simulations/<slug:slug>/performance/", views.simulation, name="simulation-performance"),
]
