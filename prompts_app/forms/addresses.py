"""The form field for an e-mail address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from prompts_app.forms.values import TOO_LONG


class AddressField(forms.EmailField):
    """An e-mail address, or nothing; what is wrong with it is said in our own words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=254,
            widget=forms.EmailInput(attrs={"autocomplete": "email"}),
            error_messages={
                "invalid": gettext_lazy("Write an e-mail address such as ada@example.org."),
                "max_length": TOO_LONG,
            },
            **options,
        )
