from django.urls import path

from performance import views

urlpatterns = [
    path("performance/", views.system, name="performance"),
    path("simulations/<slug:slug>/performance/", views.simulation, name="simulation-performance"),
]
