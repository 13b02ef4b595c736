"""What stands in every footer, and what pages say of mail."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language

from prompts_app.services import site_texts

register = template.Library()

# Pages of an author's that strangers see.
REPORTABLE = frozenset(
    (
        *("profile", "entry", "version", "compare", "run", "try"),
        *("evidence", "evidence_answers"),
    )
)
# The same under a share link.
REPORTABLE_OF_LINK = frozenset(("share", "share_entry", "share_run", "share_try"))


@register.simple_tag
def texts_of_the_site() -> frozenset[str]:
    """Return the kinds of texts that the operator wrote."""
    return site_texts.kinds()


@register.simple_tag(takes_context=True)
def page_to_report(context: dict[str, Any]) -> str:
    """Return where this page can be reported, or ""."""
    request: HttpRequest | None = context.get("request")
    match = getattr(request, "resolver_match", None)
    if settings.ACCOUNT_SIGNUP != "open" or request is None or match is None:
        return ""
    if match.url_name in REPORTABLE:
        return f"{reverse('report')}?{urlencode({'page': context['current_path']})}"
    token = getattr(request, "share_token", "")
    if token and context.get("link") and match.url_name in REPORTABLE_OF_LINK:
        below = request.path.removeprefix(reverse("share", args=[token]))
        form = reverse("share_report", args=[token])
        # Not its whole path: no address but the link's own holds its token.
        return f"{form}?{urlencode({'at': below})}" if below else form
    return ""


@register.simple_tag
def how_to_reach_operator() -> site_texts.Shown | None:
    """Return the operator's words on how to reach them, or None."""
    return site_texts.text(site_texts.Kind.CONTACT, get_language() or "")


@register.simple_tag
def mail_goes_out() -> bool:
    """Say whether mail leaves this machine."""
    return bool(settings.MAIL_GOES_OUT)


@register.simple_tag
def missing_texts() -> list[str]:
    """Return the kinds of texts that an open site should have and has not."""
    return site_texts.missing()
