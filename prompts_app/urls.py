"""Every route of the site, one list per feature."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

Routes = list[URLPattern | URLResolver]

accounts: Routes = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

urlpatterns: Routes = [*accounts]
