from django.urls import path

from runs import checking, compare, keeping, lists, new, notifier_pages, views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("simulations/new/", new.new_simulation, name="new-simulation"),
    path("simulations/<slug:slug>/", lists.simulation, name="simulation"),
    path("simulations/<slug:slug>/new/", new.new_run, name="new-run"),
    path("simulations/<slug:slug>/settings/", keeping.settings, name="settings"),
    path("simulations/<slug:slug>/notifiers/", keeping.add_notifier, name="add-notifier"),
    path("notifiers/", notifier_pages.all_notifiers, name="all-notifiers"),
    path("notifiers/<int:notifier_id>/remove/", notifier_pages.remove_notifier, name="remove-notifier"),
    path("simulations/<slug:slug>/run/", views.quick_run, name="quick-run"),
    path("simulations/<slug:slug>/patterns/", views.patterns, name="patterns"),
    path("simulations/<slug:slug>/history/", views.history, name="history"),
    path("scenarios/<str:scenario>/check/", checking.check, name="check-fields"),
    path("scenarios/<str:scenario>/preview/", checking.preview, name="preview-params"),
    path("scenarios/<str:scenario>/examples/<str:field>/<int:number>/", checking.example, name="example-text"),
    path("runs/", lists.runs, name="runs"),
    path("runs/rows/", lists.rows, name="listed-rows"),
    path("runs/bulk/", lists.begin_bulk, name="begin-bulk"),
    path("runs/bulk/<int:bulk_id>/", lists.bulk_act, name="bulk-act"),
    path("runs/bulk/<int:bulk_id>/undo/", lists.undo_bulk, name="undo-bulk"),
    path("runs/views/", lists.save_view, name="save-view"),
    path("runs/views/<int:view_id>/remove/", lists.remove_view, name="remove-view"),
    path("compare/", compare.compare_runs, name="compare"),
    path("runs/<int:run_id>/", views.run, name="run"),
    path("runs/<int:run_id>/marks/", views.mark_run, name="mark-run"),
    path("runs/<int:run_id>/<slug:act>/", views.act, name="run-act"),
]
