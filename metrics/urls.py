from django.urls import path

from metrics import views

urlpatterns = [
    path("metric-selections/", views.save_selection, name="save-selection"),
    path("metric-selections/<int:selection_id>/delete/", views.delete_selection, name="delete-selection"),
]
