"""Whether what happens on a share link is counted for its author."""

from prompts_app import http
from prompts_app.http import Request
from prompts_app.models import ShareLink

# The visitor's own choice, kept in their browser and nowhere else.
COOKIE = "uncounted"


def choice(request: Request, link: ShareLink) -> str:
    """Return "counted", or why a visitor is not: "signal", "cookie", or "owner".

    A signal is Global Privacy Control (https://www.w3.org/TR/gpc/) or Do Not Track.
    """
    if "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT")):
        return "signal"
    if request.COOKIES.get(COOKIE) == "1":
        return "cookie"
    return "owner" if http.viewer(request) == link.owner else "counted"


def is_counted(request: Request, link: ShareLink) -> bool:
    """Say whether a visitor's tries and downloads are counted (services.visits.note_…)."""
    return choice(request, link) == "counted"
