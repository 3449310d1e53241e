from django.urls import path

from runs import compare, keeping, new, views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("simulations/new/", new.new_simulation, name="new-simulation"),
    path("simulations/<slug:slug>/", views.simulation, name="simulation"),
    path("simulations/<slug:slug>/new/", new.new_run, name="new-run"),
    path("simulations/<slug:slug>/settings/", keeping.settings, name="settings"),
    path("simulations/<slug:slug>/notifiers/", keeping.add_notifier, name="add-notifier"),
    path(
        "simulations/<slug:slug>/notifiers/<int:notifier_id>/remove/", keeping.remove_notifier, name="remove-notifier"
    ),
    path("simulations/<slug:slug>/run/", views.quick_run, name="quick-run"),
    path("simulations/<slug:slug>/history/", views.history, name="history"),
    path("scenarios/<str:scenario>/check/", new.check, name="check-fields"),
    path("compare/", compare.compare_runs, name="compare"),
    path("runs/", views.runs, name="runs"),
    path("runs/<int:run_id>/", views.run, name="run"),
    path("runs/<int:run_id>/marks/", views.mark_run, name="mark-run"),
    path("runs/<int:run_id>/<slug:act>/", views.act, name="run-act"),
]
