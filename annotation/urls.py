from __future__ import annotations

from django.urls import path

from annotation.views import account, sign_in

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/<str:token>/", sign_in.sign_in_link, name="sign_in_link"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/tokens/<str:token_key>/revoke/", account.token_revoke, name="token_revoke"),
]
