"""The studio's list of entries, and what surrounds each prompt: settings and cover."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.entries import (
    SLUG_TAKEN,
    CoverForm,
    EntrySettingsForm,
)
from prompts_app.forms.pictures import PICTURE_ERRORS
from prompts_app.http import Request
from prompts_app.models import Entry, Try, User, Version
from prompts_app.pictures.intake import PictureError
from prompts_app.services import days, entries, first_steps, pictures, spending
from prompts_app.services.addresses import SlugTaken
from prompts_app.services.claims import phrases

P = ParamSpec("P")

ENTRIES_A_PAGE = 50
# A list this short needs no search field.
SEARCH_FROM = 12
WEEK = timedelta(days=7)


def author(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[Request, P], HttpResponseBase]:
    """Let only signed-in authors in; whoever has no profile yet is asked for one first."""

    @wraps(view)
    def wrapper(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not hasattr(request.user, "profile"):
            messages.info(request, _("First say who you are: your entries stand under your name."))
            return redirect("studio_profile")
        return view(request, *args, **kwargs)

    return login_required(wrapper)


@login_required
@require_safe
def studio(request: Request) -> HttpResponse:
    """The author's entries in their own order; before there is much, the first steps."""
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    found = own_entries(request.user)
    if wanted:
        found = found.filter(title__icontains=wanted)
    page = Paginator(found, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    rows = [_row(entry) for entry in page.object_list]
    context = {
        "nav": "studio",
        "studio_section": "entries",
        "page": page,
        "rows": rows,
        "groups": [
            [row for row in rows if row["entry"].pinned == pinned] for pinned in (True, False)
        ],
        "wanted": wanted,
        "search": bool(wanted) or page.paginator.count >= SEARCH_FROM,
        "overrun": spending.overrun_today(request.user),
        "path": first_steps.path_of(request.user),
        "import_url": import_url(),
        "gone": _gone(request),
        **_put_away(request.user),
    }
    return render(request, "studio/entries.html", context)


def import_url() -> str:
    """Where entries are imported; "" on a site that has no such page."""
    try:
        return reverse("studio_import")
    except NoReverseMatch:
        return ""


def _gone(request: Request) -> Entry | None:
    """What has just been deleted or archived, so that the page can offer to undo it."""
    slug = request.GET.get("gone", "")
    if not slug or "\x00" in slug:
        return None
    away = Q(purge_at__isnull=False) | Q(visibility=Entry.Visibility.ARCHIVED)
    return Entry.objects.filter(away, owner=request.user, slug=slug).first()


def _put_away(owner: User) -> dict[str, int]:
    binned = Q(purge_at__isnull=False)
    archived = Q(purge_at__isnull=True, visibility=Entry.Visibility.ARCHIVED)
    return Entry.objects.filter(owner=owner).aggregate(
        archived=Count("pk", filter=archived), binned=Count("pk", filter=binned)
    )


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"entry": entry}
    if entry.proof is None:
        return row
    row["proof"], *row["facts"] = phrases(entry.proof)
    if entry.proof["checked"]:
        row["checked"] = datetime.fromisoformat(entry.proof["checked"])
    runs, models = entry.proof["runs"], entry.proof["models"]
    if entry.proof["tested"]:
        # Without tests the proof itself says how many runs there are.
        said = ngettext("%(number)s run", "%(number)s runs", runs)
        row["facts"].append(said % {"number": number_format(runs, force_grouping=True)})
    said = ngettext("%(number)s model", "%(number)s models", models)
    row["facts"].append(said % {"number": number_format(models)})
    return row


def own_entries(owner: User) -> QuerySet[Entry]:
    """Return the owner's entries in their order with what the list says of each, in one query."""
    first = days.today(days.zone_of(owner)) - WEEK
    return (
        Entry.objects.filter(owner=owner)
        .kept()
        .annotate(
            last_version=Subquery(
                Version.objects.filter(entry=OuterRef("pk"))
                .order_by("-number")
                .values("number")[:1]
            ),
            tries_this_week=_count(
                # Columns side by side are one try.
                Try.objects.filter(entry=OuterRef("pk"), column=0, day__gt=first),
                "entry",
            ),
        )
        .defer("use_case", "search_text")
        .in_order()
    )


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@author
@require_http_methods(["GET", "POST"])
def settings(request: Request, slug: str) -> HttpResponse:
    """Everything around the prompt."""
    entry = access.own_entry(request.user, slug)
    if request.method == "GET":
        return _settings_page(request, entry, EntrySettingsForm(entry), CoverForm())
    form = EntrySettingsForm(entry, request.POST)
    if not form.is_valid():
        return _settings_page(request, entry, form, CoverForm(), status=422)
    try:
        followed = entries.update_entry(
            entry, tags=form.cleaned_data["tags"], **form.surroundings()
        )
    except SlugTaken:
        form.add_error("slug", str(SLUG_TAKEN))
        return _settings_page(request, entry, form, CoverForm(), status=422)
    entries.set_tryable(entry, form.cleaned_data["tryable"])
    messages.success(request, _("The settings are saved."))
    if followed:
        messages.info(
            request, _("Look at the translation too: it still says what you said before.")
        )
    return redirect("studio_entry_settings", entry.slug)


@author
@require_POST
def cover(request: Request, slug: str) -> HttpResponse:
    """Replace the cover, or take it away."""
    entry = access.own_entry(request.user, slug)
    if "remove" in request.POST:
        new = None
    else:
        form = CoverForm(request.POST, request.FILES)
        if not form.is_valid():
            return _settings_page(request, entry, EntrySettingsForm(entry), form, status=422)
        try:
            new = pictures.keep_picture(
                request.user, form.cleaned_data["picture"].read(), entry=entry
            )
        except PictureError as error:
            form.add_error("picture", str(PICTURE_ERRORS[error.code]))
            return _settings_page(request, entry, EntrySettingsForm(entry), form, status=422)
    entries.set_cover(entry, new)
    messages.success(request, _("The cover is kept.") if new else _("The cover is removed."))
    return redirect("studio_entry_settings", slug)


def _settings_page(
    request: Request,
    entry: Entry,
    form: EntrySettingsForm,
    cover_form: CoverForm,
    status: int = 200,
) -> HttpResponse:
    focus.on_first_error(form, cover_form)
    context = about_entry(entry, "settings") | {"form": form, "cover_form": cover_form}
    return render(request, "studio/settings.html", context, status=status)


def about_entry(entry: Entry, section: str) -> dict[str, Any]:
    """Return what the head of every page of one entry needs."""
    return {"nav": "studio", "studio_section": "entries", "entry_section": section, "entry": entry}
