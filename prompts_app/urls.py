"""Every route of the site, one list per feature."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from prompts_app.views import tryit

Routes = list[URLPattern | URLResolver]

accounts: Routes = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

tryit_routes: Routes = [
    path("@<handle>/<slug>/try/", tryit.try_entry, name="try"),
    path("tries/<uuid:trial_id>/", tryit.trial, name="trial"),
    path("tries/<uuid:trial_id>/delete/", tryit.trial_delete, name="trial_delete"),
]

urlpatterns: Routes = [*accounts, *tryit_routes]
