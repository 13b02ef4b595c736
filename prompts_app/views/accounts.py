"""Accounts: allauth's pages in the manners of this site, invitations, the second factor's code."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import get_totp_secret
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prompts_app import access
from prompts_app.http import Request

View = Callable[..., HttpResponse]


def with_site_manners(
    routes: Iterable[URLPattern | URLResolver],
) -> Iterator[URLPattern | URLResolver]:
    """Give every view among `routes` the manners of this site's own forms."""
    for route in routes:
        if isinstance(route, URLResolver):
            yield URLResolver(route.pattern, list(with_site_manners(route.url_patterns)))
        else:
            yield URLPattern(
                route.pattern, _mannered(route.callback), route.default_args, route.name
            )


def _mannered(view: View) -> View:
    """Answer 422 to an invalid form, show labels alone, and say who may sign up."""

    @wraps(view)
    def wrapper(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            context = response.context_data or {}
            response.context_data = context | {"signup": settings.ACCOUNT_SIGNUP, "nav": "studio"}
            form = context.get("form")
            if isinstance(form, BaseForm):
                # A placeholder that repeats the label is one more thing to read.
                for field in form.fields.values():
                    field.widget.attrs.pop("placeholder", None)
                    if "<ul>" in str(field.help_text):
                        # A list cannot stand in the paragraph of a field's help.
                        field.help_text = " ".join(password_validators_help_texts())
                if request.method == "POST" and response.status_code == 200 and form.errors:
                    response.status_code = 422
        return response

    return wrapper


@require_safe
@never_cache
def invitation(request: Request, code: str) -> HttpResponse:
    """Remember the invitation for this visit and go on to sign up."""
    if access.invitation(code) is None:
        raise Http404
    request.session["invitation"] = code
    return redirect("account_signup")


@require_safe
@never_cache
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def totp_picture(request: Request) -> HttpResponse:
    """The code to scan while an authenticator app is being set up: the page's policy allows no
    pictures inside addresses."""
    adapter = get_adapter()
    address = adapter.build_totp_url(request.user, get_totp_secret())
    return HttpResponse(adapter.build_totp_svg(address), content_type="image/svg+xml")
