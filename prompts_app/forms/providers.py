"""Forms about providers of models: address and key, models to use, what they cost."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prompts_app.forms.fields import PlainCharField
from prompts_app.forms.focus import Guided
from prompts_app.forms.values import TOO_LONG
from prompts_app.llm import addresses
from prompts_app.llm.presets import Preset
from prompts_app.models import Provider
from prompts_app.services.providers import host_of

LONGEST_ADDRESS = 300
MOST_AT_ONCE = 32
# A header takes visible ASCII only, and no provider's key comes near this length.
_KEY = re.compile(r"[\x21-\x7e]{1,1000}")

EXACT = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}

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
            attrs=EXACT,
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


class ProviderForm(Guided, forms.Form):
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
