"""The language switch."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from prompts_app import http
from prompts_app.http import Request


# Public pages carry no CSRF token; the worst a foreign site can do here is change a language.
@csrf_exempt
@require_POST
def set_language(request: Request) -> HttpResponse:
    """Remember the language in a cookie, and for the account, and go back to the page."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = "/"
    response = HttpResponseRedirect(back)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
        account = http.viewer(request)
        if account is not None:
            account.language = language
            account.save(update_fields=["language"])
    return response
