"""Telling visitors apart without keeping their addresses."""

import hashlib
import hmac
import ipaddress
import secrets
from datetime import date, timedelta
from functools import lru_cache

from prompts_app.models import VisitorSalt
from prompts_app.services import days


def address_block(address: str) -> str:
    """Return what one visitor may hold: an IPv4 address, or the /64 of an IPv6 address.

    An IPv4 address in IPv6 spelling counts as IPv4. Text that is no address is kept as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found.packed[:8] + bytes(8), 64)))
    return str(found)


def visitor_key(address: str) -> str:
    """Return the visitor's key of today (UTC): 64 hex digits that mean nothing tomorrow."""
    salt = _salt_of(days.today())
    return hmac.new(salt, address_block(address).encode(), hashlib.sha256).hexdigest()


# One day only: yesterday's salt must not live on in a process.
@lru_cache(maxsize=1)
def _salt_of(day: date) -> bytes:
    salt, _created = VisitorSalt.objects.get_or_create(
        day=day, defaults={"salt": secrets.token_bytes(32)}
    )
    return bytes(salt.salt)


def destroy_old_salts() -> int:
    """Delete salts of days before yesterday; return how many."""
    oldest_kept = days.today() - timedelta(days=1)
    return VisitorSalt.objects.filter(day__lt=oldest_kept).delete()[0]
