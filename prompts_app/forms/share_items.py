"""The entries of a share link as a form: chosen, ordered, each at a version and with a sentence.

Rows are told apart by their entry: `item` is sent once for each, in their order, and the fields of
a row are named `entry-<id>-…`. The buttons `add` (with `entry`), `up`, `down` and `remove` change
the rows without saving anything, so that everything works without scripts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.entries import version_label
from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.values import TOO_LONG
from prompts_app.models import Entry, ShareItem, ShareLink, User, Version
from prompts_app.services import shares

_BUTTONS = ("add", "up", "down", "remove")


class Wish(NamedTuple):
    """A button that changes the rows, and the id of the entry it is about, as it was sent."""

    button: str
    key: str


def wish_of(data: QueryDict) -> Wish | None:
    """Return which button of the rows was pressed, if any was."""
    for button in _BUTTONS:
        if button in data:
            return Wish(button, data.get("entry" if button == "add" else button, ""))
    return None


class ItemForm(forms.Form):
    """One entry of a link."""

    version = forms.ChoiceField(
        label=gettext_lazy("Version"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the listed versions.")},
    )
    sentence = PlainCharField(
        label=gettext_lazy("Why it fits, in a sentence"),
        required=False,
        max_length=200,
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(self, entry: Entry, versions: Sequence[Version], **options: Any) -> None:
        super().__init__(prefix=f"entry-{entry.pk}", **options)
        self.entry, self.key = entry, str(entry.pk)
        # The button that gets the keyboard's focus, on a page that comes back from it.
        self.focus = ""
        self._versions = {str(version.pk): version for version in versions}
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", self._follows()),
            *((key, _version_label(version)) for key, version in self._versions.items()),
        ]

    def _follows(self) -> str:
        if self.entry.published is None:
            return _("always the published one")
        return _("always the published one (now v%(number)s)") % {
            "number": self.entry.published.number
        }

    @property
    def left_out(self) -> str:
        """Why the link does not show the entry as it is kept; "" if it does."""
        if self.entry.visibility == Entry.Visibility.DRAFT:
            return _("It is a draft now, so the link leaves it out.")
        if self.entry.visibility == Entry.Visibility.ARCHIVED:
            return _("It is archived now, so the link leaves it out.")
        pinned = self._versions.get(str(self["version"].value() or ""))
        if (pinned or self.entry.published) is None:
            return _("It has no published version now, so the link leaves it out.")
        if pinned is not None and pinned.withdrawn_at is not None:
            return _("That version is withdrawn, so the link leaves the entry out.")
        return ""

    def chosen(self) -> shares.Chosen:
        """Return what to keep, once the row is valid."""
        version = self._versions.get(self.cleaned_data["version"])
        return shares.Chosen(self.entry, version, self.cleaned_data["sentence"])


def _version_label(version: Version) -> str:
    if version.withdrawn_at is not None:
        return _("v%(number)s (withdrawn)") % {"number": version.number}
    return version_label(version)


class Items:
    """The rows of the link `kept`: as they were sent in `data`, its own, or those of `shown`.

    `wish` changes them first, and nothing is checked then. `others` are the entries that can be
    added, `kept_back` those that only a draft's visibility keeps away; `nothing_to_show`: no entry
    is on the link or could be, `no_entry_at_all`: for there is none.
    """

    def __init__(
        self,
        owner: User,
        data: QueryDict | None = None,
        *,
        kept: ShareLink | None = None,
        shown: ShareLink | None = None,
        wish: Wish | None = None,
    ) -> None:
        offered = {str(entry.pk): entry for entry in shares.shareable(owner)}
        # What the link has stays its own, whatever became of it since.
        own = _items(kept)
        known = offered | {str(item.entry_id): item.entry for item in own}
        now: dict[str, dict[str, Any]] = {}
        if data is None:
            for item in own or _items(shown):
                now[str(item.entry_id)] = {
                    "version": str(item.version_id or ""),
                    "sentence": item.sentence,
                }
        else:
            for key in data.getlist("item"):
                now[key] = {
                    name: data.get(f"entry-{key}-{name}", "") for name in ItemForm.base_fields
                }
        keys = [key for key in now if key in known]
        self.error = ""
        self.said = ""
        if wish is not None:
            self._change(keys, wish, known)
        elif data is not None:
            self._check(keys, gone=len(keys) < len(now))
        versions = _versions(keys, [row["version"] for row in now.values()])
        bound: Mapping[str, Any] | None = None if wish is not None else data
        self.rows = [
            ItemForm(known[key], versions.get(key, ()), data=bound, initial=now.get(key, {}))
            for key in keys
        ]
        self.others = [entry for key, entry in offered.items() if key not in keys]
        self.is_full = len(keys) >= shares.MAX_ITEMS
        adding = wish is not None and wish.button in ("add", "remove")
        # Whoever has added one is about to add the next, if there is any.
        self.focus_others = adding and bool(self.others) and not self.is_full
        for row in self.rows:
            if wish is not None and wish.key == row.key and not self.focus_others:
                row.focus = "up" if adding else wish.button
        self.kept_back = shares.kept_back(owner)
        self.nothing_to_show = not self.rows and not self.others
        self.no_entry_at_all = self.nothing_to_show and not shares.has_entries(owner)

    def _change(self, keys: list[str], wish: Wish, known: Mapping[str, Entry]) -> None:
        key = wish.key
        if key not in known:
            return
        title = known[key].title
        if wish.button == "add":
            if key not in keys and len(keys) < shares.MAX_ITEMS:
                keys.append(key)
                self.said = _("“%(title)s” is added.") % {"title": title}
        elif key in keys:
            place = keys.index(key)
            keys.remove(key)
            if wish.button == "remove":
                self.said = _("“%(title)s” is taken off.") % {"title": title}
                return
            place = max(0, place - 1) if wish.button == "up" else place + 1
            keys.insert(place, key)
            self.said = _("“%(title)s” is now number %(place)s of %(number)s.") % {
                "title": title,
                "place": keys.index(key) + 1,
                "number": len(keys),
            }

    def _check(self, keys: list[str], *, gone: bool) -> None:
        if gone:
            self.error = _(
                "An entry cannot be shared any more, so it was taken off. Look at those that are "
                "left, then save again."
            )
        elif not keys:
            self.error = _("Choose at least one entry.")
        elif len(keys) > shares.MAX_ITEMS:
            self.error = _("Keep at most %(most)d entries.") % {"most": shares.MAX_ITEMS}

    def is_valid(self) -> bool:
        """Whether the rows can be kept; every one of them is looked at."""
        return not [row for row in self.rows if not row.is_valid()] and not self.error

    def chosen(self) -> list[shares.Chosen]:
        """Return what to keep, once the rows are valid."""
        return [row.chosen() for row in self.rows]


def _items(link: ShareLink | None) -> list[ShareItem]:
    if link is None:
        return []
    found = link.items.filter(entry__purge_at__isnull=True)
    return list(found.select_related("entry__published"))


def _versions(keys: Sequence[str], pinned: Sequence[str]) -> dict[str, list[Version]]:
    """Return the versions to choose from by entry, newest first; a withdrawn one only if chosen."""
    numbers = [int(key) for key in pinned if key.isascii() and key.isdecimal() and len(key) < 16]
    rows = (
        Version.objects.filter(
            Q(withdrawn_at__isnull=True) | Q(pk__in=numbers), entry__in=map(int, keys)
        )
        .only("entry", "number", "change_note", "withdrawn_at")
        .order_by("-number")
    )
    found: dict[str, list[Version]] = {}
    for version in rows:
        found.setdefault(str(version.entry_id), []).append(version)
    return found
