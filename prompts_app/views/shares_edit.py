"""Making a share link, changing one, and beginning with a former one."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.share_items import Wish, wish_of
from prompts_app.forms.shares import MAX_NOTE, LinkForm
from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import rendering, shares
from prompts_app.views.shares import about_links
from prompts_app.views.studio import author


@sensitive_post_parameters("password")
@never_cache
@author
@require_http_methods(["GET", "POST"])
def new_link(request: Request) -> HttpResponse:
    """Make a link, then show what to send."""
    return _new(request, None)


@sensitive_post_parameters("password")
@never_cache
@author
@require_http_methods(["GET", "POST"])
def duplicate(request: Request, link_id: uuid.UUID) -> HttpResponse:
    """Begin the next application's link with all but what is only of the last one."""
    return _new(request, access.own_link(request.user, link_id))


def _new(request: Request, like: ShareLink | None) -> HttpResponse:
    if request.method == "GET":
        form = LinkForm(request.user, like=like, language=get_language() or "en")
        return _page(request, form, like=like)
    if wish := _wish(request):
        return _page(request, LinkForm(request.user, request.POST, wish=wish), like=like)
    form = LinkForm(request.user, request.POST)
    if form.is_valid():
        try:
            link = shares.make_link(
                request.user,
                form.items.chosen(),
                password=form.new_password() or "",
                **form.values(),
            )
        except shares.EntryGone:
            # As it is now, the form says so itself.
            form = LinkForm(request.user, request.POST)
        else:
            messages.success(request, _("The link is made. Now look at it, then send it."))
            return redirect("studio_link", link.pk)
    return _page(request, form, like=like, status=422)


@sensitive_post_parameters("password")
@never_cache
@author
@require_http_methods(["GET", "POST"])
def edit(request: Request, link_id: uuid.UUID) -> HttpResponse:
    """Change a link; its address stays."""
    link = access.own_link(request.user, link_id)
    if request.method == "GET":
        return _page(request, LinkForm(request.user, link=link))
    if wish := _wish(request):
        return _page(request, LinkForm(request.user, request.POST, link=link, wish=wish))
    form = LinkForm(request.user, request.POST, link=link)
    if form.is_valid():
        try:
            shares.change_link(
                link,
                form.items.chosen(),
                seen=form.seen(),
                password=form.new_password(),
                **form.values(),
            )
        except shares.EntryGone:
            form = LinkForm(request.user, request.POST, link=link)
        except shares.LinkChanged as changed:
            data = request.POST.copy()
            data["revision"] = changed.current.updated_at.isoformat()
            form = LinkForm(request.user, data, link=link)
            form.add_error(
                None,
                _(
                    "This link was changed elsewhere meanwhile, so nothing is saved yet. Saving "
                    "now keeps what stands below."
                ),
            )
        else:
            messages.success(request, _("The link is saved. Its address is the same."))
            return redirect("studio_link", link.pk)
    return _page(request, form, status=422)


def _wish(request: Request) -> Wish | None:
    if "show_note" in request.POST:
        return Wish("show_note", "")
    return wish_of(request.POST)


def _page(
    request: Request, form: LinkForm, *, like: ShareLink | None = None, status: int = 200
) -> HttpResponse:
    # What a button did besides saving has a focus of its own.
    if status == 422:
        focus.on_first_error(form)
    note = str(form["note"].value() or "")
    context = {
        **about_links(),
        "form": form,
        "link": form.link,
        "like": like,
        "note_html": _html(note),
    }
    return render(request, "shares/edit.html", context, status=status)


@author
@require_POST
def note(request: Request) -> HttpResponse:
    """What a note renders to; for the part below its field."""
    shown = _html(request.POST.get("note", ""))
    return render(request, "shares/_note.html", {"note_html": shown})


def _html(note: str) -> str:
    # Longer ones are refused anyway.
    return rendering.html_once(note[: 2 * MAX_NOTE].replace("\x00", "")) if note.strip() else ""
