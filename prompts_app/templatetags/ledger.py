"""Amounts as accounts show them."""

from django import template
from django.utils.formats import number_format
from django.utils.translation import pgettext

from prompts_app.templatetags.figures import microusd

register = template.Library()


@register.filter
def dollars(amount: int) -> str:
    """Return micro-dollars as dollars: "$1.24", "$0.0012", "$0.00" (a sum, never "free")."""
    if amount == 0:
        # Translators: an amount of US dollars, for example "$0.0012".
        return pgettext("money", "$%(amount)s") % {"amount": number_format(0, decimal_pos=2)}
    return microusd(amount)
