from django.urls import URLPattern

app_name = "snippets"
urlpatterns: list[URLPattern] = []
