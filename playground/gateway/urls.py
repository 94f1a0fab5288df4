from django.urls import path

from playground.gateway import views

app_name = "gateway"
urlpatterns = [path("runs/<uuid:run_id>/mock/", views.mock, name="mock")]
