"""Telling visitors apart without keeping their addresses."""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import lru_cache

from django.utils import timezone

from prompts_app.models import VisitorSalt
from prompts_app.services import days

# A salt is of use for a few hours after its day: whoever came before midnight is known again.
# With the worker's rounds it is gone well within 48 hours of its making.
_NEEDED_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a try is counted for today (UTC): each 64 hex digits that mean nothing tomorrow.

    `key` stands for one address, `block` for what one connection to the internet may hold. Of IPv4
    they are the same.
    """

    key: str
    block: str


def visitor_of(address: str) -> Visitor:
    """Return whom tries from an address are counted for."""
    salt = _salt_of(days.today())
    one, block = _normal(address), address_block(address)
    return Visitor(_keyed(salt, one), _keyed(salt, block))


def page_key(day: date, page: str, address: str, agent: str) -> str:
    """Return the key of one browser on one page, of today or of a day just over.

    64 hex digits, others for every page and every day; "" once the day's salt is destroyed.
    """
    if day == days.today():
        salt = _salt_of(day)
    else:
        row = VisitorSalt.objects.filter(day=day).first()
        if row is None:
            return ""
        salt = bytes(row.salt)
    # Lengths of what came before cannot be confused: no page's name or address holds a NUL.
    return _keyed(salt, "\0".join((page, _normal(address), agent)))


def address_block(address: str) -> str:
    """Return what one connection may hold: an IPv4 address, or the /64 of an IPv6 address.

    An IPv4 address in IPv6 spelling counts as IPv4. Text that is no address is kept as it is.
    """
    normal = _normal(address)
    if ":" not in normal:
        return normal
    try:
        found = ipaddress.IPv6Address(normal)
    except ValueError:
        return normal
    return str(ipaddress.IPv6Network((found.packed[:8] + bytes(8), 64)))


def _normal(address: str) -> str:
    """Return the one spelling of an address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        # A zone names the server's own interface, not the visitor.
        return str(found.ipv4_mapped or ipaddress.IPv6Address(found.packed))
    return str(found)


def _keyed(salt: bytes, text: str) -> str:
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()


# One day only: yesterday's salt must not live on in a process.
@lru_cache(maxsize=1)
def _salt_of(day: date) -> bytes:
    salt, created = VisitorSalt.objects.get_or_create(
        day=day, defaults={"salt": secrets.token_bytes(32)}
    )
    if created:
        # Even where no worker runs.
        destroy_old_salts()
    return bytes(salt.salt)


def destroy_old_salts() -> int:
    """Delete the salts of days that have been over for 12 hours; return how many."""
    oldest_kept = (timezone.now() - _NEEDED_AFTER).astimezone(UTC).date()
    return VisitorSalt.objects.filter(day__lt=oldest_kept).delete()[0]
