"""The form of a share link: for whom, what it says, and how far it opens."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.limits import DollarsField, tries_field
from prompts_app.forms.parameters import several_lines
from prompts_app.forms.share_items import Items, Wish
from prompts_app.forms.values import TOO_LONG
from prompts_app.forms.zones import zone_name
from prompts_app.models import ShareLink, User
from prompts_app.services import days

MAX_NOTE = 3000
MAX_TRIES = 10_000
MIN_PASSWORD = 6
MAX_PASSWORD = 100
# Hiring takes its weeks.
_DAYS = (7, 14, 30, 60, 90)
_USUAL_DAYS = 60
_LATEST = timedelta(days=366 * 5)
_AT, _NEVER = "at", "never"
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?")
# What the next application gets from the last one.
_COPIED = ("language", "note", "pay", "start")
_OPENS = ("shows_prompts", "allows_tries", "tries_allowed", "budget")


class MomentInput(forms.TextInput):
    """A date and a time, as browsers ask for them; without that, text."""

    input_type = "datetime-local"


def _line(most: int, **options: Any) -> PlainCharField:
    return PlainCharField(
        max_length=most, required=False, error_messages={"max_length": TOO_LONG}, **options
    )


class LinkForm(Guided, forms.Form):
    """A link, made or changed; its entries are in `items`.

    `link`: the one that is changed; `like`: one to begin with. `wish`: a button that changes the
    entries, or anything else that is to show what was sent without a word about what is wrong.
    """

    revision = forms.CharField(required=False, widget=forms.HiddenInput)
    company = _line(80, label=gettext_lazy("Company"))
    role = _line(120, label=gettext_lazy("Role"))
    label = _line(
        80,
        label=gettext_lazy("Private label"),
        help_text=gettext_lazy("Only you see it, in your list of links."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the page"),
        choices=settings.LANGUAGES,
        error_messages={
            "required": gettext_lazy("Choose a language."),
            "invalid_choice": gettext_lazy("Choose one of the listed languages."),
        },
    )
    note = several_lines(
        MAX_NOTE,
        label=gettext_lazy("Welcome note"),
        help_text=gettext_lazy("Why you, to this company: one paragraph is read. Markdown."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    pay = _line(
        120,
        label=gettext_lazy("Rate or salary you wish"),
        help_text=gettext_lazy("It stands on this link’s page alone."),
    )
    start = _line(80, label=gettext_lazy("When you could start"))
    expiry = forms.ChoiceField(
        label=gettext_lazy("It opens"),
        error_messages={
            "required": gettext_lazy("Choose one of the listed answers."),
            "invalid_choice": gettext_lazy("Choose one of the listed answers."),
        },
    )
    expires_at = PlainCharField(
        label=gettext_lazy("Until"), required=False, max_length=40, widget=MomentInput
    )
    password = PlainCharField(
        label=gettext_lazy("Password"),
        required=False,
        max_length=MAX_PASSWORD,
        # In sight, since it has to be told to somebody.
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"max_length": TOO_LONG},
    )
    remove_password = forms.BooleanField(label=gettext_lazy("No password any more"), required=False)
    shows_prompts = forms.BooleanField(
        label=gettext_lazy("Show the text of the prompts"),
        required=False,
        help_text=gettext_lazy(
            "Without it only results are shown. Where visitors may try a prompt, they may still "
            "coax its text out of the model: no setting prevents that."
        ),
    )
    allows_tries = forms.BooleanField(
        label=gettext_lazy("Let visitors try the prompts"), required=False
    )
    tries_allowed = tries_field(
        MAX_TRIES,
        label=gettext_lazy("Tries"),
        help_text=gettext_lazy("By all who have the link together, as long as it lives."),
    )
    budget = DollarsField(
        label=gettext_lazy("Budget, in dollars"),
        help_text=gettext_lazy(
            "For all these tries together, beside your daily budget: strangers on your public "
            "pages cannot use it up. 0 allows only models that cost nothing."
        ),
        error_messages={"required": gettext_lazy("Write an amount; 0 allows none.")},
    )

    def __init__(
        self,
        owner: User,
        data: QueryDict | None = None,
        *,
        link: ShareLink | None = None,
        like: ShareLink | None = None,
        language: str = "en",
        wish: Wish | None = None,
    ) -> None:
        self.link, self.zone = link, days.zone_of(owner)
        self.items = Items(owner, data, kept=link, shown=like, wish=wish)
        start = self._start(link, like, language)
        if wish is not None and data is not None:
            start = {
                name: field.widget.value_from_datadict(data, {}, name)
                for name, field in self.base_fields.items()
            }
        super().__init__(None if wish is not None else data, initial=start)
        self._fit(owner)

    def _start(
        self, link: ShareLink | None, like: ShareLink | None, language: str
    ) -> dict[str, Any]:
        if link is not None:
            start = {name: getattr(link, name) for name in self.own_fields()}
            start["expires_at"] = _shown(link.expires_at, self.zone)
            start["expiry"] = _AT if link.expires_at else _NEVER
            return start | {"revision": link.updated_at.isoformat()}
        start = {"language": language, "expiry": str(_USUAL_DAYS)}
        if like is not None:
            return start | {name: getattr(like, name) for name in (*_COPIED, *_OPENS)}
        return start | {name: getattr(ShareLink(), name) for name in _OPENS}

    def _fit(self, owner: User) -> None:
        expiry = self.fields["expiry"]
        assert isinstance(expiry, forms.ChoiceField)
        expiry.choices = [
            *((str(number), _("for %(number)s days") % {"number": number}) for number in _DAYS),
            (_AT, _("until a date of your choice")),
            (_NEVER, _("until you revoke it")),
        ]
        zone = zone_name(owner.time_zone)
        self.fields["expires_at"].help_text = _("By the clocks of %(zone)s.") % {"zone": zone}
        if self.link is not None and self.link.password:
            self.fields["password"].label = _("New password")
            self.fields["password"].help_text = _(
                "This link has one. Leave this empty to keep it; with a new one, whoever opened "
                "the link has to type that."
            )
        else:
            del self.fields["remove_password"]
            self.fields["password"].help_text = _(
                "Send it by another way than the link. It is never shown again."
            )

    @classmethod
    def own_fields(cls) -> list[str]:
        """Return the fields that are kept as they are typed."""
        apart = ("revision", "expiry", "expires_at", "password", "remove_password")
        return [name for name in cls.base_fields if name not in apart]

    def clean_password(self) -> str:
        """Refuse what is guessed in a minute."""
        password = str(self.cleaned_data["password"])
        if password and len(password) < MIN_PASSWORD:
            raise ValidationError(
                _("Write at least %(least)d characters.") % {"least": MIN_PASSWORD}, code="short"
            )
        return password

    def clean(self) -> dict[str, Any]:
        """Ask for a name, and look at what depends on another field."""
        found = self.cleaned_data
        names = ("company", "role", "label")
        if not any(found.get(name) or name in self.errors for name in names):
            self.add_error(
                "company",
                _("Write a company, a role or a label: by it you find the link again."),
            )
        if found.get("password") and found.get("remove_password"):
            self.add_error("remove_password", _("Choose either: a new password, or none."))
        # What cannot be seen need not be right.
        if not found.get("allows_tries"):
            for name in ("tries_allowed", "budget"):
                if self.errors.pop(name, None):
                    found[name] = getattr(self.link or ShareLink(), name)
        if found.get("expiry") != _AT:
            self.errors.pop("expires_at", None)
        try:
            found["expires_at"] = self._moment()
        except ValidationError as error:
            self.add_error("expires_at", error)
        return found

    def _moment(self) -> datetime | None:
        expiry, typed = self.cleaned_data.get("expiry"), self.cleaned_data.get("expires_at")
        if expiry in (None, _NEVER) or (expiry == _AT and typed is None):
            return None
        if expiry != _AT:
            # To the end of that day, as people count.
            day = timezone.now().astimezone(self.zone) + timedelta(days=int(expiry))
            return day.replace(hour=23, minute=59, second=0, microsecond=0).astimezone(UTC)
        if self.link is not None and typed == _shown(self.link.expires_at, self.zone):
            # To the second, and though it may be over.
            return self.link.expires_at
        if not typed:
            raise ValidationError(_("Choose the date and the time."), code="required")
        return _parsed(typed, self.zone)

    def is_valid(self) -> bool:
        """Whether the fields and every entry are valid."""
        fits = self.items.is_valid()
        return super().is_valid() and fits

    def shown(self) -> Iterable[BoundField]:
        """All fields, those of the chosen entries last."""
        return [*self, *(field for row in self.items.rows for field in row)]

    @property
    def first_refused(self) -> str:
        """The id of the first field that wants a look, or of the entries; "" without any."""
        return super().first_refused or ("items" if self.items.error else "")

    def seen(self) -> datetime | None:
        """Return the state of the link that the author looked at."""
        try:
            return datetime.fromisoformat(self.cleaned_data["revision"])
        except ValueError:
            return None

    def new_password(self) -> str | None:
        """Return the new password, "" for none, None to keep what there is."""
        if self.cleaned_data.get("remove_password"):
            return ""
        return self.cleaned_data["password"] or None

    def values(self) -> dict[str, Any]:
        """Return the link's own fields, once the form is valid."""
        return {name: self.cleaned_data[name] for name in (*self.own_fields(), "expires_at")}


def _shown(moment: datetime | None, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _parsed(typed: str, zone: tzinfo) -> datetime:
    """Return the moment in UTC. Raises ValidationError for none, past ones and far ones."""
    try:
        moment = parse_datetime(typed) if _MOMENT.fullmatch(typed) else None
        if moment is None:
            raise ValueError("no moment")
        found = moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValidationError(
            _("Write a date and a time, such as 2030-12-31 18:00."), code="invalid"
        ) from error
    now = timezone.now()
    if found <= now:
        raise ValidationError(_("Choose a moment that is still to come."), code="past")
    if found > now + _LATEST:
        raise ValidationError(_("Choose a moment within five years."), code="far")
    return found
