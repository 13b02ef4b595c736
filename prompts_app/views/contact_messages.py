"""The studio's messages: what people wrote to the author."""

import uuid
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prompts_app import access
from prompts_app.http import Request
from prompts_app.models import ContactMessage
from prompts_app.services import contact
from prompts_app.views.studio import author

A_PAGE = 50
# By then the mail about a message is on its way, or will never be.
MAILED_WITHIN = timedelta(minutes=2)
_READ = Case(When(read_at__isnull=True, then=Value(0)), default=Value(1))
_SECTION = {"nav": "studio", "studio_section": "messages"}


@author
@require_safe
def all_messages(request: Request) -> HttpResponse:
    """What people wrote, what is not read yet first, then the newest."""
    found = (
        ContactMessage.objects.filter(owner=request.user)
        .select_related("link")
        .order_by(_READ, "-created_at", "-pk")
    )
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    context = _SECTION | {"page": page, "takes": contact.takes_messages(request.user.profile)}
    return render(request, "studio/messages.html", context)


@author
@require_safe
def one_message(request: Request, message_id: uuid.UUID) -> HttpResponse:
    """One message; opening it marks it as read."""
    message = access.own_message(request.user, message_id)
    if request.method == "GET":
        contact.mark_read(message)
    overdue = message.created_at < timezone.now() - MAILED_WITHIN
    context = _SECTION | {
        "message": message,
        "asks": message.about == contact.NEW_LINK,
        "not_mailed": message.mailed_at is None and overdue,
    }
    return render(request, "studio/message.html", context)


@author
@require_POST
def delete_message(request: Request, message_id: uuid.UUID) -> HttpResponse:
    """Delete a message for good; the page asks before it sends this."""
    access.own_message(request.user, message_id).delete()
    messages.success(request, _("The message is deleted."))
    return redirect("studio_messages")
