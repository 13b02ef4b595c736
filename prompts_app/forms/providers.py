"""Forms about providers of models: address and key, models to use, what they cost."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.limits import DollarsField
from prompts_app.forms.values import TOO_LONG
from prompts_app.llm import addresses
from prompts_app.llm.presets import Preset
from prompts_app.models import LLMModel, Provider
from prompts_app.services.offers import LONGEST_NAME, MOST_IN_USE, Terms
from prompts_app.services.providers import has_price, host_of

LONGEST_ADDRESS = 300
MOST_AT_ONCE = 32
# A header takes visible ASCII only, and no provider's key comes near this length.
_KEY = re.compile(r"[\x21-\x7e]{1,1000}")

_EXACT = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}

# llm.addresses.BaseURLError.code
ADDRESS_PROBLEMS = {
    "bad_url": gettext_lazy(
        "This is not an address. Write one such as https://api.example.com/v1."
    ),
    "bad_scheme": gettext_lazy("An address begins with https://."),
    "https_required": gettext_lazy(
        "The address must begin with https://, so that the key stays secret."
    ),
    "userinfo": gettext_lazy(
        "Leave name and password out of the address. The key has its own field."
    ),
    "query": gettext_lazy("Leave out everything from the “?” or “#” on."),
    "no_host": gettext_lazy(
        "The address names no server. Write one such as https://api.example.com/v1."
    ),
    "bad_port": gettext_lazy(
        "The number after the colon is not a port. Use 1 to 65535, or leave it out."
    ),
    "private_address": gettext_lazy(
        "This address is inside a private network, which only the site’s operator may use."
    ),
}


class KeyField(forms.CharField):
    """A secret: what is typed goes in and never comes back out, in no page and no message."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(
            render_value=False,
            attrs=_EXACT,
        )
        super().__init__(required=False, widget=widget, **options)
        # Their messages could name what was typed.
        self.validators = []

    def clean(self, value: Any) -> str:
        """Return the key without spaces around it; raises ValidationError for what is none."""
        key = str(super().clean(value))
        if key and not _KEY.fullmatch(key):
            raise ValidationError(
                _("This cannot be a key: it has spaces or unusual characters, or is far too long."),
                code="key",
            )
        return key


class _AddressField(PlainCharField):
    """A base URL; `usual` is what an empty field stands for."""

    usual = ""

    def to_python(self, value: Any) -> str:
        """Return what was typed, or the usual address."""
        return super().to_python(value) or self.usual


class ProviderForm(forms.Form):
    """A provider's name, address and key; `preset` fills in what is left empty.

    After `is_valid()`, `values()` gives what services.providers.save_provider takes.
    """

    name = PlainCharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Yours alone: visitors see the address’s host."),
        required=False,
        max_length=60,
        error_messages={"max_length": TOO_LONG},
    )
    base_url = _AddressField(
        label=gettext_lazy("Address"),
        max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(
            attrs={
                "class": "mono",
                "inputmode": "url",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": gettext_lazy("Write the address, such as https://api.example.com/v1."),
            "max_length": TOO_LONG,
        },
    )
    api_key = KeyField(label=gettext_lazy("API key"))
    at_once = forms.IntegerField(
        label=gettext_lazy("Calls at once"),
        help_text=gettext_lazy(
            "How many of your runs may wait for its answers together. Choose fewer if it often "
            "says that it is busy."
        ),
        min_value=1,
        max_value=MOST_AT_ONCE,
        widget=forms.NumberInput(attrs={"class": "short", "inputmode": "numeric"}),
    )

    # An empty address stands for the preset's, which browsers must let through.
    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        preset: Preset,
        provider: Provider | None = None,
        allow_private: bool,
    ) -> None:
        self.preset, self.allow_private = preset, allow_private
        # A preset for the operator's own machine is no use to anybody else.
        usual = "" if preset.is_local and not allow_private else preset.base_url
        name = provider.name if provider else preset.name if preset.base_url else ""
        url = provider.base_url if provider else usual
        at_once = (provider or Provider()).at_once
        super().__init__(data, initial={"name": name, "base_url": url, "at_once": at_once})
        number = _("Choose a number from 1 to %(most)d.") % {"most": MOST_AT_ONCE}
        for code in ("required", "invalid", "min_value", "max_value"):
            self.fields["at_once"].error_messages[code] = number
        address, key = self.fields["base_url"], self.fields["api_key"]
        assert isinstance(address, _AddressField)
        address.usual = usual
        if usual:
            address.widget.attrs["placeholder"] = usual
        key.required = provider is None and preset.needs_key
        key.error_messages["required"] = _(
            "Paste a key: %(provider)s answers nobody without one."
        ) % {"provider": preset.name}

    def clean_base_url(self) -> str:
        """Return the address in its one spelling."""
        typed = self.cleaned_data["base_url"]
        try:
            url = addresses.check_base_url(typed, allow_private=self.allow_private)
        except addresses.BaseURLError as error:
            raise ValidationError(str(ADDRESS_PROBLEMS[error.code]), code=error.code) from error
        if len(url) > LONGEST_ADDRESS:
            raise ValidationError(str(ADDRESS_PROBLEMS["bad_url"]), code="bad_url")
        return url

    def _is_presets(self, url: str) -> bool:
        usual = self.preset.base_url
        return bool(usual) and addresses.origin(usual) == addresses.origin(url)

    def values(self) -> dict[str, Any]:
        """Return name, preset, base_url, api_key and at_once; a key not typed is None."""
        url = self.cleaned_data["base_url"]
        keeps = self._is_presets(url) or self.preset.is_local
        name = self.cleaned_data["name"] or (self.preset.name if keeps else host_of(url))
        return {
            "name": name[:60],
            "preset": self.preset.slug if keeps else "other",
            "base_url": url,
            "api_key": self.cleaned_data["api_key"] or None,
            "at_once": self.cleaned_data["at_once"],
        }


class _NamesField(forms.Field):
    """Names of models ticked on a list."""

    def clean(self, value: Any) -> list[str]:
        """Return the names; raises ValidationError for none, or for what names no model."""
        one = PlainCharField(max_length=LONGEST_NAME)
        names = [one.clean(name) for name in dict.fromkeys(value or ())]
        if not names:
            raise ValidationError(_("Tick at least one model."), code="required")
        return names


class TickedForm(forms.Form):
    """Models ticked on the provider's list."""

    model = _NamesField(widget=forms.MultipleHiddenInput)


class NameForm(forms.Form):
    """One model by its name."""

    name = PlainCharField(
        label=gettext_lazy("Name of the model"),
        help_text=gettext_lazy("Exactly as the provider writes it."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(
            attrs=_EXACT,
        ),
        error_messages={
            "required": gettext_lazy("Write the name of the model."),
            "max_length": TOO_LONG,
        },
    )


def too_many() -> str:
    """Return what is said when one more model does not fit."""
    return _("At most %(most)d models of one provider can be in use. Remove some first.") % {
        "most": MOST_IN_USE
    }


def _price(**options: Any) -> DollarsField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "price", "size": 8})
    return DollarsField(required=False, widget=widget, **options)


class TermsForm(forms.Form):
    """What one model makes and costs. A model of text has no price for a picture."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Makes"),
        choices=LLMModel.Kind.choices,
        error_messages={
            "required": gettext_lazy("Choose what the model makes."),
            "invalid_choice": gettext_lazy("Choose what the model makes."),
        },
    )
    input = _price(label=gettext_lazy("Price of a million tokens in"))
    output = _price(label=gettext_lazy("Price of a million tokens out"))
    picture = _price(label=gettext_lazy("Price of a picture"))
    remove = forms.BooleanField(required=False)

    def __init__(self, model: LLMModel, data: Mapping[str, Any] | None = None) -> None:
        self.model = model
        initial = {
            "kind": model.kind,
            "input": model.input_price,
            "output": model.output_price,
            "picture": model.picture_price,
        }
        super().__init__(data, prefix=f"m{model.pk}", initial=initial)
        if model.kind != LLMModel.Kind.IMAGE:
            del self.fields["picture"]
        labels = {
            "kind": _("What %(model)s makes"),
            "input": _("Dollars per million tokens in, %(model)s"),
            "output": _("Dollars per million tokens out, %(model)s"),
            "picture": _("Dollars per picture, %(model)s"),
            "remove": _("Stop using %(model)s"),
        }
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = labels[name] % {"model": model.name}

    @property
    def priced(self) -> bool:
        """Whether the model, as it is kept, can be used."""
        return has_price(self.model)

    @property
    def removed(self) -> bool:
        """Whether the row was sent to be removed."""
        return self.is_bound and bool(self["remove"].data)

    def clean(self) -> dict[str, Any]:
        """Ask for the second of two prices that only make sense together."""
        cleaned = self.cleaned_data
        given = {name: cleaned.get(name) for name in ("input", "output") if name not in self.errors}
        for name, amount in given.items():
            if (
                amount is None
                and len(given) == 2
                and any(one is not None for one in given.values())
            ):
                self.add_error(name, _("Give this price, too. 0 is a price: free."))
        return cleaned

    def terms(self) -> Terms:
        """Return what was typed, once the form is valid."""
        cleaned = self.cleaned_data
        return Terms(cleaned["kind"], cleaned["input"], cleaned["output"], cleaned.get("picture"))


class TermsForms:
    """A form for every model in use. Rows that were not sent stay as they are."""

    def __init__(self, models: list[LLMModel], data: Mapping[str, Any] | None = None) -> None:
        self.forms = [
            TermsForm(model, data if data is not None and f"m{model.pk}-kind" in data else None)
            for model in models
        ]
        self.sent = [form for form in self.forms if form.is_bound]

    @property
    def with_pictures(self) -> bool:
        """Whether any model has a price for a picture."""
        return any("picture" in form.fields for form in self.forms)

    def is_valid(self) -> bool:
        """Whether every row that was sent is valid; a row to be removed need not be."""
        return not [form for form in self.sent if not form.is_valid() and not form.removed]

    def changed(self) -> dict[LLMModel, Terms]:
        """Return the new terms of the rows that stay, once they are valid."""
        return {form.model: form.terms() for form in self.sent if not form.removed}

    def removed(self) -> list[LLMModel]:
        """Return the models to stop using."""
        return [form.model for form in self.sent if form.removed]
