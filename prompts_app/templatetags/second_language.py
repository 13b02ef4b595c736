"""Texts of an entry in the language of the page, where their author translated them."""

from django import template

from prompts_app.services import second_language
from prompts_app.services.second_language import Spoken

register = template.Library()


@register.filter
def told(text: str, spoken: Spoken) -> str:
    """Return a text of an entry as its reader is told it: {{ entry.title|told:entry }}."""
    return second_language.told(text, spoken)


@register.filter
def tongue(text: str, spoken: Spoken) -> str:
    """Return the language that `told` tells the text in, for a lang attribute."""
    return second_language.told(text, spoken).language
