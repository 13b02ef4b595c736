"""What a share link's page needs to be counted, and to say whether it is."""

from dataclasses import dataclass
from typing import cast

from django import template
from django.template import RequestContext
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from prompts_app.http import Request
from prompts_app.models import ShareLink, Visit
from prompts_app.services import visit_reports
from prompts_app.views import share_counting

register = template.Library()


@dataclass(frozen=True, slots=True)
class Counting:
    """How a page stands to counting. `choice`: see views.share_counting."""

    choice: str
    nonce: str
    token: str
    path: str


@register.simple_tag(takes_context=True)
def counting_of(context: RequestContext, link: ShareLink) -> Counting:
    """Return how the page that is being made stands to counting; no nonce where nothing counts."""
    # The context's own, which is there even where a template is included with `only`.
    request = cast(Request, context.request)
    choice = share_counting.choice(request, link)
    nonce = ""
    if choice in ("counted", "owner"):
        nonce = visit_reports.nonce_for(link, to_owner=choice == "owner")
    return Counting(choice, nonce, request.share_token, request.path)


# Visits that count as none, as a list of them names them.
KINDS: dict[str, str | Promise] = {
    Visit.Kind.PREVIEW: gettext_lazy("link previews"),
    Visit.Kind.SCANNER: gettext_lazy("scanners and other programs"),
    Visit.Kind.OWNER: gettext_lazy("yourself"),
}


@register.filter
def visit_kind(code: str) -> str:
    """Return what visits of a kind that does not count are called."""
    return str(KINDS[code])
