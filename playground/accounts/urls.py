from django.urls import path

from playground.accounts import mail_resets, views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/link/<str:token>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("account/", views.account, name="account"),
    path("account/email/", views.email, name="email"),
    path("password-reset/", mail_resets.ask, name="reset-by-mail"),
    path("password-reset/done/", mail_resets.done, name="reset-done"),
    path("password-reset/<uidb64>/<token>/", mail_resets.SetPassword.as_view(), name="reset-confirm"),
]
