"""Prompts with their variables marked, and the addresses of pictures."""

from pathlib import PurePosixPath
from typing import Any

from django import template
from django.urls import reverse

from prompts_app.models import Picture
from prompts_app.services import versions
from prompts_app.text import variables

register = template.Library()


@register.filter
def messages_shown(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a content's messages as [{role, pieces}]; variables are pieces of their own."""
    return [
        {"role": message["role"], "pieces": variables.pieces(message["content"])}
        for message in content.get("messages", ())
    ]


def messages_filled(
    content: dict[str, Any], values: dict[str, str], *, keep_empty: bool = False
) -> list[dict[str, Any]]:
    """Return a content's messages as they were sent with `values`, as [{role, pieces}].

    What came from a value is a piece of kind "variable". A variable without a value takes its
    default, and one without either keeps its braces; with `keep_empty` so does one whose value
    and default are empty.
    """
    known = versions.filled(content, values, keep_empty=keep_empty)
    return [
        {
            "role": message["role"],
            "pieces": variables.filled_pieces(message["content"], known),
        }
        for message in content["messages"]
    ]


@register.filter
def picture_url(picture: Picture | None) -> str:
    """Return the address of a picture in full size; "" for none."""
    if picture is None:
        return ""
    suffix = PurePosixPath(picture.file.name or "").suffix.lstrip(".")
    return reverse("picture", args=[picture.pk, suffix])


@register.filter
def picture_small_url(picture: Picture | None) -> str:
    """Return the address of a picture's small form (at most 640 pixels a side); "" for none."""
    return reverse("picture_small", args=[picture.pk]) if picture is not None else ""
