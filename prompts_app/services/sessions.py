"""Where an account is signed in, and signing out elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from prompts_app.models import User

# In the order they are looked for: many browsers also name those they descend from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One browser that is signed in. `browser` and `system` are "" where it does not say."""

    pk: int
    browser: str
    system: str
    address: str
    since: datetime
    is_current: bool


def signed_in(user: User, current_key: str) -> list[SignedIn]:
    """Return where the account is signed in, this browser first, then the newest."""
    found = [
        SignedIn(
            pk=row.pk,
            browser=_first(row.user_agent, _BROWSERS),
            system=_first(row.user_agent, _SYSTEMS),
            address=row.ip,
            since=row.created_at,
            is_current=row.session_key == current_key,
        )
        for row in _live(user).order_by("-created_at")
    ]
    return sorted(found, key=lambda one: not one.is_current)


def end(user: User, session: int, current_key: str) -> bool:
    """Sign one other browser of the account out; say whether there was one."""
    return _end(_live(user).filter(pk=session).exclude(session_key=current_key)) > 0


def end_others(user: User, keep: str | None = None) -> int:
    """Sign the account out everywhere but in the session `keep`; return in how many places."""
    return _end(UserSession.objects.filter(user=user).exclude(session_key=keep or ""))


def _live(user: User) -> QuerySet[UserSession]:
    alive = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
    )
    found: QuerySet[UserSession] = UserSession.objects.filter(Exists(alive), user=user)
    return found


def _end(rows: QuerySet[UserSession]) -> int:
    with transaction.atomic():
        keys = list(rows.values_list("session_key", flat=True))
        ended = Session.objects.filter(session_key__in=keys).delete()[0]
        UserSession.objects.filter(session_key__in=keys).delete()
    return ended


def forget_ended() -> int:
    """Delete what is known of sessions that are over; return how many."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    gone: int = UserSession.objects.filter(~Exists(alive)).delete()[0]
    return gone


def _first(agent: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in names if mark in agent), "")
