"""What machines read: robots.txt, the site map and the feed."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prompts_app import http
from prompts_app.http import Request
from prompts_app.models import Entry, Profile
from prompts_app.models.entries import EntryQuerySet
from prompts_app.services.second_language import told

FEED_ENTRIES = 30
# The most addresses one file may hold (https://www.sitemaps.org/protocol.html).
SITEMAP_ADDRESSES = 50_000
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"

_Address = tuple[str, datetime | None]


@require_safe
@http.kept
def robots(request: Request) -> HttpResponse:
    """Public pages may be read; forms and private pages are of no use to a machine."""
    lines = (
        "User-agent: *",
        *(f"Disallow: {path}" for path in ("/studio/", "/accounts/", "/admin/", "/tries/", "/s/")),
        "Disallow: /@*/try/",
        "Disallow: /@*/compare/",
        "",
        f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}",
        "",
    )
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
@http.kept
def sitemap(request: Request) -> HttpResponse:
    """Every listed entry and its author's profile, or the list of files that hold them."""
    addresses: list[_Address] = [
        (reverse("home"), None),
        (reverse("explore"), None),
        *_profiles(_shown_profiles()),
        *_entries(_indexed()),
    ]
    if len(addresses) <= SITEMAP_ADDRESSES:
        return _xml(_urlset(addresses))
    return _xml(_index())


@require_safe
@http.kept
def sitemap_part(request: Request, part: str, number: str) -> HttpResponse:
    """One file of a large site map: the rows whose ids fall into its range."""
    first = int(number) * SITEMAP_ADDRESSES
    within = {"pk__gte": first, "pk__lt": first + SITEMAP_ADDRESSES}
    if part == "entries":
        return _xml(_urlset(_entries(_indexed().filter(**within))))
    return _xml(_urlset(_profiles(_shown_profiles().filter(**within))))


@require_safe
@http.kept
def feed(request: Request) -> HttpResponse:
    """The newest listed entries, as Atom (RFC 4287)."""
    atom = Atom1Feed(
        title="Promptfolio",
        link=f"{settings.SITE_URL}/",
        description=_("The newest prompts, as case studies with proof."),
        subtitle=_("The newest prompts, as case studies with proof."),
        feed_url=settings.SITE_URL + reverse("feed"),
        language=get_language(),
    )
    newest = _indexed().for_cards().order_by("-published_at", "-pk")
    for entry in newest[:FEED_ENTRIES]:
        profile = entry.owner.profile
        address = settings.SITE_URL + reverse("entry", args=[profile.handle, entry.slug])
        atom.add_item(
            title=told(entry.title, entry),
            link=address,
            description=told(entry.summary, entry),
            unique_id=address,
            author_name=profile.name,
            author_link=settings.SITE_URL + reverse("profile", args=[profile.handle]),
            pubdate=entry.published_at,
            updateddate=entry.published_at,
            categories=[tag.name for tag in entry.tags.all()],
        )
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)


def _indexed() -> EntryQuerySet:
    """Listed entries of authors who let machines list their pages."""
    return Entry.objects.listed().filter(owner__profile__is_indexed=True)


def _shown_profiles() -> QuerySet[Profile]:
    listed = Entry.objects.listed().filter(owner=OuterRef("user"))
    return Profile.objects.filter(Exists(listed), is_indexed=True, user__is_active=True)


def _entries(rows: QuerySet[Entry]) -> Iterator[_Address]:
    found = rows.order_by("pk").values_list("owner__profile__handle", "slug", "published_at")
    for handle, slug, published_at in found[: SITEMAP_ADDRESSES + 1]:
        # An author without a profile has no addresses.
        if handle:
            yield reverse("entry", args=[handle, slug]), published_at


def _profiles(rows: QuerySet[Profile]) -> Iterator[_Address]:
    for handle in rows.order_by("pk").values_list("handle", flat=True)[: SITEMAP_ADDRESSES + 1]:
        yield reverse("profile", args=[handle]), None


def _urlset(addresses: Iterable[_Address]) -> Iterator[str]:
    yield f'<urlset xmlns="{_XMLNS}">'
    for path, changed in addresses:
        stamp = f"<lastmod>{changed.date().isoformat()}</lastmod>" if changed else ""
        yield f"<url><loc>{escape(settings.SITE_URL + path)}</loc>{stamp}</url>"
    yield "</urlset>"


def _index() -> Iterator[str]:
    yield f'<sitemapindex xmlns="{_XMLNS}">'
    for part, rows in (("entries", _indexed()), ("profiles", _shown_profiles())):
        last = rows.aggregate(last=Max("pk"))["last"] or 0
        for number in range(last // SITEMAP_ADDRESSES + 1):
            path = reverse("sitemap_part", args=[part, number])
            yield f"<sitemap><loc>{escape(settings.SITE_URL + path)}</loc></sitemap>"
    yield "</sitemapindex>"


def _xml(lines: Iterable[str]) -> HttpResponse:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return HttpResponse("\n".join([head, *lines, ""]), content_type="application/xml")
