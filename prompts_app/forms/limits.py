"""The form of what an author allows visitors, and dollars as people write them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.values import as_number
from prompts_app.forms.zones import zone_choices
from prompts_app.models import Spending

MICRODOLLARS = 1_000_000
MAX_DOLLARS = 100_000
MAX_TRIES_OF_VISITOR = 10_000
MAX_TRIES_OF_ENTRY = 1_000_000
MAX_AT_ONCE = 10_000


class DollarsField(PlainCharField):
    """An amount of dollars, typed with a point or a comma, kept as whole micro-dollars."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "class": "short"})
        )
        super().__init__(max_length=40, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show micro-dollars as dollars with at least two decimals, and typed text as typed."""
        if not isinstance(value, int):
            return value
        dollars = f"{Decimal(value) / MICRODOLLARS:.6f}"
        whole, _point, decimals = dollars.partition(".")
        decimals = decimals.rstrip("0").ljust(2, "0")
        return f"{whole}{get_format('DECIMAL_SEPARATOR')}{decimals}"

    def clean(self, value: Any) -> Any:
        """Return micro-dollars, None if empty; raises ValidationError for what is no amount."""
        text = super().clean(value)
        if not text:
            return None
        try:
            dollars = as_number(text.replace("$", ""))
        except ValueError as error:
            raise ValidationError(
                _("Write an amount, such as 2 or 0.50."), code="number"
            ) from error
        if not 0 <= dollars <= MAX_DOLLARS:
            raise ValidationError(
                _("Choose an amount from 0 to %(most)s dollars.") % {"most": f"{MAX_DOLLARS:,}"},
                code="range",
            )
        amount = dollars * MICRODOLLARS
        if amount != int(amount):
            raise ValidationError(_("Write at most six decimals."), code="decimals")
        return int(amount)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether the typed amount is another one than the kept one."""
        if not data:
            return initial is not None
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True


def tries_field(most: int, **options: Any) -> forms.IntegerField:
    """Return a field of how many tries are allowed, from 0 to `most`."""
    return forms.IntegerField(
        min_value=0,
        max_value=most,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={
            "required": gettext_lazy("Write a number; 0 allows none."),
            "invalid": gettext_lazy("Write a whole number."),
            "min_value": gettext_lazy("Write a number; 0 allows none."),
            "max_value": gettext_lazy("Choose at most %(limit_value)s."),
        },
        **options,
    )


def _part(**options: Any) -> DollarsField:
    """Return a field of a part of the budget, that may be empty."""
    help_text = options.pop("help_text")
    return DollarsField(
        required=False,
        help_text=format_lazy(
            "{} {}",
            help_text,
            gettext_lazy("Empty: only your budget limits it. 0 allows only what costs nothing."),
        ),
        **options,
    )


class LimitsForm(Guided, forms.Form):
    """How much an author lets visitors spend and try, each day and at once, and when days begin."""

    daily_limit = DollarsField(
        label=gettext_lazy("Daily budget, in dollars"),
        help_text=gettext_lazy(
            "For your own models: visitors’ tries and your outputs together. 0 allows only models "
            "that cost nothing."
        ),
        error_messages={"required": gettext_lazy("Write an amount; 0 allows none.")},
    )
    tries_per_visitor = tries_field(
        MAX_TRIES_OF_VISITOR,
        label=gettext_lazy("Tries per visitor and day"),
        help_text=gettext_lazy("On all your entries together."),
    )
    tries_per_entry = tries_field(
        MAX_TRIES_OF_ENTRY,
        label=gettext_lazy("Tries per entry and day"),
        help_text=gettext_lazy("By all visitors together."),
    )
    tries_per_day = tries_field(
        MAX_TRIES_OF_ENTRY,
        label=gettext_lazy("Tries per day"),
        help_text=gettext_lazy("By all visitors, on all your entries together."),
    )
    tries_at_once = tries_field(
        MAX_AT_ONCE,
        label=gettext_lazy("Tries at once"),
        help_text=gettext_lazy("Running at the same moment, on all your entries together."),
    )

    tries_at_once_per_entry = tries_field(
        MAX_AT_ONCE,
        label=gettext_lazy("Tries of one entry at once"),
        help_text=gettext_lazy("Running at the same moment, on the same entry."),
    )
    money_per_visitor = _part(
        label=gettext_lazy("Dollars per visitor and day"),
        help_text=gettext_lazy("What one visitor’s tries may cost, on all your entries together."),
    )
    money_per_entry = _part(
        label=gettext_lazy("Dollars per entry and day"),
        help_text=gettext_lazy("What all visitors’ tries of one entry may cost."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone of your days"),
        help_text=gettext_lazy(
            "Your days begin at midnight there. A day that has begun goes on until it is over in "
            "the new zone."
        ),
        choices=zone_choices,
    )

    def __init__(self, spending: Spending, data: Any = None) -> None:
        start = {name: getattr(spending, name) for name in self.amounts()}
        zone = spending.owner.time_zone
        super().__init__(data, initial=start | {"time_zone": zone})
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = zone_choices(zone)

    @classmethod
    def amounts(cls) -> list[str]:
        """Return the fields that are kept with the author's limits."""
        return [name for name in cls.base_fields if name != "time_zone"]
