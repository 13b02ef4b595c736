"""The site's root: every address is listed in prompts_app/urls.py."""

from django.urls import include, path

handler400 = "prompts_app.views.errors.bad_request"
handler403 = "prompts_app.views.errors.forbidden"
handler404 = "prompts_app.views.errors.not_found"
handler500 = "prompts_app.views.errors.server_error"

urlpatterns = [path("", include("prompts_app.urls"))]
