"""What previews of a page show."""

from django import template
from django.conf import settings
from django.urls import reverse

from prompts_app.models import Entry, Profile, ShareLink
from prompts_app.services import cards

register = template.Library()


@register.simple_tag
def card_address(subject: Entry | Profile | ShareLink | str) -> str:
    """Return the address of the card for what a page shows; "" until there is one."""
    key = cards.address_key(subject)
    return settings.SITE_URL + reverse("card", args=[key]) if key else ""
