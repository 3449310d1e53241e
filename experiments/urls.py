from django.urls import path

from experiments import views

urlpatterns = [
    path("experiments/", views.experiments, name="experiments"),
    path("experiments/new/", views.new_experiment, name="new-experiment"),
    path("experiments/templates/<slug:key>/", views.template, name="experiment-template"),
    path("experiments/<int:experiment_id>/", views.experiment, name="experiment"),
    path("experiments/<int:experiment_id>/found/", views.found, name="experiment-found"),
    path("experiments/<int:experiment_id>/iterations/<int:number>/", views.iteration, name="experiment-iteration"),
    path("experiments/<int:experiment_id>/<slug:act>/", views.act, name="experiment-act"),
]
