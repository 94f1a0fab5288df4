from django.urls import path

from playground.workspaces import views

app_name = "workspaces"

urlpatterns = [
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", views.revoke, name="revoke-token"),
]
