"""What an author sends with a link: a few plain lines, in the link's language."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prompts_app.models import ShareLink
from prompts_app.services import claims, days
from prompts_app.services.second_language import told
from prompts_app.services.share_tokens import Shown

# The lines of more would not be read in a mail.
_ENTRIES = 3


def summary(link: ShareLink, shown: Sequence[Shown], address: str) -> str:
    """Return five lines: who and for what, three entries with their proof, address and expiry.

    A link of fewer entries makes fewer lines.
    """
    with translation.override(link.language):
        entries = [_entry(one) for one in shown[:_ENTRIES]]
        return "\n".join([_head(link), *entries, _foot(link, address)])


def mail(link: ShareLink, shown: Sequence[Shown], address: str) -> str:
    """Return a mailto: address (RFC 6068) of a letter with the summary, to nobody yet."""
    with translation.override(link.language):
        subject = _for_what(link) or _("Work samples")
        subject = _("%(what)s: %(name)s") % {"what": subject, "name": link.owner.profile.name}
    body = summary(link, shown, address).replace("\n", "\r\n")
    return f"mailto:?subject={quote(subject, safe='')}&body={quote(body, safe='')}"


def _head(link: ShareLink) -> str:
    profile = link.owner.profile
    who = ", ".join(part for part in (profile.name, profile.headline) if part)
    what = _for_what(link)
    return f"{who} · {what}" if what else who


def _for_what(link: ShareLink) -> str:
    return ", ".join(part for part in (link.role, link.company) if part)


def _entry(one: Shown) -> str:
    entry = one.entry
    # The proof counts runs of the published version; of another one it would be untrue.
    proof = entry.proof if one.version.pk == entry.published_id else None
    said = claims.sentence(proof, entry.baseline) or one.item.sentence or told(entry.summary, entry)
    # An imported summary may have several lines.
    said = " ".join(said.split())
    title = told(entry.title, entry)
    return f"{title} — {said}" if said else title


def _foot(link: ShareLink, address: str) -> str:
    said = []
    if link.password:
        said.append(_("with a password"))
    if link.expires_at:
        said.append(_("until %(moment)s") % {"moment": _moment(link.expires_at, link)})
    return f"{address} ({', '.join(said)})" if said else address


def _moment(moment: datetime, link: ShareLink) -> str:
    local = moment.astimezone(days.zone_of(link.owner))
    return f"{date_format(local.replace(tzinfo=None), 'DATETIME_FORMAT')} {local.tzname()}"
