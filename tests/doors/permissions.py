"""Who may use what: the least role for every page, operation of the API, socket, model and action of the admin.

`test_permissions.py` fails for whatever is there and not in these tables, or the other way round, and asks a server for each.
"""

from __future__ import annotations

from simweb.access.roles import Role

VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN
ANYBODY, NOBODY, NOT_TAKEN = "anybody", "nobody", "not taken"  # by an address: a method that it answers with 405
Least = Role | str

# By GET, by POST.
LOOKED_AT: tuple[Least, Least] = (VIEWER, VIEWER)
FORM: tuple[Least, Least] = (OPERATOR, OPERATOR)
BUTTON: tuple[Least, Least] = (NOT_TAKEN, OPERATOR)
PUBLIC: tuple[Least, Least] = (ANYBODY, ANYBODY)

# By a route's name, or the route itself where it has none.
PAGES: dict[str, tuple[Least, Least]] = {
    **dict.fromkeys(
        ("health", "api/health", "ready", "favicon.ico", "sign-in", "sign-in-link", "api:api-root"), PUBLIC
    ),
    **dict.fromkeys(("api:openapi-json", "api:openapi-view"), PUBLIC),
    **dict.fromkeys(
        ("dashboard", "simulation", "patterns", "history", "runs", "listed-rows", "compare", "run"), LOOKED_AT
    ),
    **dict.fromkeys(("performance", "simulation-performance", "bulk-act"), LOOKED_AT),
    **dict.fromkeys(("experiments", "experiment", "experiment-found", "experiment-iteration"), LOOKED_AT),
    **dict.fromkeys(("new-simulation", "new-run", "settings", "all-notifiers", "new-experiment"), FORM),
    **dict.fromkeys(("example-text", "experiment-template"), FORM),
    **dict.fromkeys(("add-notifier", "remove-notifier", "quick-run", "check-fields", "preview-params"), BUTTON),
    **dict.fromkeys(("undo-bulk", "save-view", "remove-view", "mark-run", "run-act", "experiment-act"), BUTTON),
    **dict.fromkeys(("save-selection", "delete-selection", "begin-bulk"), BUTTON),
    "metrics": (VIEWER, NOT_TAKEN),
    "sign-out": (NOT_TAKEN, ANYBODY),
    "admin:login": PUBLIC,
    "admin:logout": (NOT_TAKEN, ANYBODY),
}
# For those of the role who are staff.
STAFF_PAGES: dict[str, tuple[Least, Least]] = {
    **dict.fromkeys(("admin:index", "admin:app_list", "admin:view_on_site", "admin:(?P<url>.*)$"), LOOKED_AT),
    "admin:password_change": LOOKED_AT,
    **dict.fromkeys(("admin:password_change_done", "admin:jsi18n", "admin:autocomplete"), (VIEWER, NOT_TAKEN)),
    "admin:auth_user_password_change": (ADMIN, ADMIN),
}

API: dict[tuple[str, str], Least] = {
    ("GET", "/health"): ANYBODY,
    ("GET", "/scenarios"): VIEWER,
    ("GET", "/scenarios/{key}"): VIEWER,
    ("GET", "/metrics"): VIEWER,
    ("GET", "/metric-selections"): VIEWER,
    ("POST", "/metric-selections"): OPERATOR,
    ("GET", "/metric-selections/{selection_id}"): VIEWER,
    ("PATCH", "/metric-selections/{selection_id}"): OPERATOR,
    ("DELETE", "/metric-selections/{selection_id}"): OPERATOR,
    ("GET", "/simulations"): VIEWER,
    ("POST", "/simulations"): OPERATOR,
    ("GET", "/simulations/{slug}"): VIEWER,
    ("PATCH", "/simulations/{slug}"): OPERATOR,
    ("DELETE", "/simulations/{slug}"): OPERATOR,
    ("GET", "/simulations/{slug}/runs"): VIEWER,
    ("POST", "/simulations/{slug}/runs"): OPERATOR,
    ("POST", "/simulations/run"): OPERATOR,
    ("GET", "/simulations/runs/{run_id}"): VIEWER,
    ("GET", "/simulations/metrics"): VIEWER,
    ("GET", "/simulations/feed-algorithms"): VIEWER,
    ("GET", "/simulations/config/default"): VIEWER,
    ("GET", "/simulations/{slug}/patterns"): VIEWER,
    ("GET", "/simulations/{slug}/performance"): VIEWER,
    ("GET", "/simulations/{slug}/performance/points"): VIEWER,
    ("GET", "/simulations/{slug}/performance/export"): VIEWER,
    ("GET", "/simulations/{slug}/notifiers"): OPERATOR,
    ("POST", "/simulations/{slug}/notifiers"): OPERATOR,
    ("DELETE", "/simulations/{slug}/notifiers/{notifier_id}"): OPERATOR,
    ("GET", "/notifiers"): OPERATOR,
    ("POST", "/notifiers"): OPERATOR,
    ("DELETE", "/notifiers/{notifier_id}"): OPERATOR,
    ("GET", "/runs"): VIEWER,
    ("GET", "/runs/export"): VIEWER,
    ("GET", "/runs/csv"): VIEWER,
    ("POST", "/runs/import"): OPERATOR,
    ("GET", "/runs/{run_id}"): VIEWER,
    ("PATCH", "/runs/{run_id}"): OPERATOR,
    ("DELETE", "/runs/{run_id}"): OPERATOR,
    ("POST", "/runs/{run_id}/cancel"): OPERATOR,
    ("POST", "/runs/{run_id}/retry"): OPERATOR,
    ("POST", "/runs/{run_id}/again"): OPERATOR,
    ("POST", "/runs/{run_id}/verify"): OPERATOR,
    ("GET", "/runs/{run_id}/turns"): VIEWER,
    ("GET", "/runs/{run_id}/series"): VIEWER,
    ("GET", "/runs/{run_id}/events"): VIEWER,
    ("GET", "/runs/{run_id}/problems"): VIEWER,
    ("GET", "/runs/{run_id}/log"): VIEWER,
    ("GET", "/runs/{run_id}/export"): VIEWER,
    ("GET", "/runs/{run_id}/decisions"): VIEWER,
    ("GET", "/runs/{run_id}/summary"): VIEWER,
    ("GET", "/runs/{run_id}/agents"): VIEWER,
    ("GET", "/runs/{run_id}/frames"): VIEWER,
    ("GET", "/runs/{run_id}/questions"): VIEWER,
    ("GET", "/runs/{run_id}/answers/{question}"): VIEWER,
    ("GET", "/runs/{run_id}/deliveries"): OPERATOR,
    ("GET", "/compare"): VIEWER,
    ("GET", "/performance"): VIEWER,
    ("GET", "/performance/dashboard"): VIEWER,
    ("GET", "/performance/export"): VIEWER,
    ("GET", "/saved-views"): VIEWER,
    ("POST", "/saved-views"): OPERATOR,
    ("GET", "/saved-views/{view_id}"): VIEWER,
    ("PATCH", "/saved-views/{view_id}"): OPERATOR,
    ("DELETE", "/saved-views/{view_id}"): OPERATOR,
    ("GET", "/experiments"): VIEWER,
    ("POST", "/experiments"): OPERATOR,
    ("GET", "/experiments/{experiment_id}"): VIEWER,
    ("DELETE", "/experiments/{experiment_id}"): OPERATOR,
    ("POST", "/experiments/{experiment_id}/cancel"): OPERATOR,
    ("POST", "/experiments/{experiment_id}/retry-failed"): OPERATOR,
    ("GET", "/experiments/{experiment_id}/iterations"): VIEWER,
    ("GET", "/experiments/{experiment_id}/proposals"): VIEWER,
}

# By address and kind of topic.
SOCKETS: dict[tuple[str, str], Least] = {
    ("ws/", "runs"): VIEWER,
    ("ws/", "run"): VIEWER,
    ("ws/", "simulation"): VIEWER,
    ("ws/live/", "runs"): VIEWER,
    ("ws/live/", "history"): VIEWER,
    ("ws/live/", "run"): VIEWER,
    ("ws/live/", "simulation"): VIEWER,
}

# In the admin, of those who are staff: view, add, change, delete.
ROWS_ONLY: tuple[Least, ...] = (VIEWER, NOBODY, NOBODY, NOBODY)
MODELS: dict[str, tuple[Least, ...]] = {
    "auth.User": (ADMIN, ADMIN, ADMIN, ADMIN),
    "auth.Group": (ADMIN, ADMIN, ADMIN, ADMIN),
    "access.Token": (ADMIN, NOBODY, ADMIN, ADMIN),
    "access.IdempotentRequest": (ADMIN, NOBODY, NOBODY, ADMIN),
    "axes.AccessAttempt": (ADMIN, NOBODY, NOBODY, ADMIN),
    "metrics.MetricSelection": (ADMIN, NOBODY, ADMIN, ADMIN),
    "runs.Simulation": (VIEWER, NOBODY, OPERATOR, NOBODY),
    "runs.SavedView": (ADMIN, NOBODY, NOBODY, NOBODY),
    "runs.Notifier": (OPERATOR, NOBODY, NOBODY, NOBODY),
    "runs.Delivery": (OPERATOR, NOBODY, NOBODY, NOBODY),
    **dict.fromkeys(("runs.Run", "runs.Turn", "runs.Event", "runs.Problem", "runs.Decision", "runs.Frame"), ROWS_ONLY),
    **dict.fromkeys(
        ("runs.JournalEntry", "runs.SeriesBlock", "runs.BulkAct", "runs.ServerProcess", "runs.WriteProbe"), ROWS_ONLY
    ),
    **dict.fromkeys(("performance.DailyPerformance", "performance.RemovedDay", "performance.ChangedDay"), ROWS_ONLY),
    **dict.fromkeys(("performance.SystemDay", "performance.ExecutionTotals", "performance.ErrorTotals"), ROWS_ONLY),
    "experiments.Experiment": ROWS_ONLY,
}
ACTIONS: dict[tuple[str, str], Least] = {
    ("runs.Run", "stop"): OPERATOR,
    ("runs.Run", "retry"): OPERATOR,
    ("runs.Run", "delete_runs"): OPERATOR,
    **{(label, "delete_selected"): needed[3] for label, needed in MODELS.items() if needed[3] != NOBODY},
}
