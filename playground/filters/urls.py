from django.urls import path

from playground.filters.views import lab, rules

app_name = "filters"

urlpatterns = [
    path("filters/", rules.rules, name="rules"),
    path("filters/new/", rules.new, name="new"),
    path("filters/lab/", lab.lab, name="lab"),
    path("filters/<int:rule_id>/", rules.edit, name="edit"),
    path("filters/<int:rule_id>/move/", rules.move, name="move"),
    path("filters/<int:rule_id>/enable/", rules.enable, name="enable"),
    path("filters/<int:rule_id>/delete/", rules.delete, name="delete"),
]
