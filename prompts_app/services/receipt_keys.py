"""The site's receipt keys: which one signs, which ones have signed."""

import logging
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from prompts_app.models import ReceiptKey
from prompts_app.receipts import keys

log = logging.getLogger("promptfolio.receipts")


class NotRotated(Exception):  # noqa: N818 - it reads as the condition it is
    """The key cannot take over; `code` is "same" (it signs already) or "retired"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def signing_key() -> ReceiptKey | None:
    """Return the key this process signs with, entered in the database at its first use.

    None when the database has gone over to another key: what this process signs would not hold.
    """
    current = ReceiptKey.objects.filter(retired_at__isnull=True).first()
    public = keys.public_of(settings.RECEIPT_KEY)
    if current is None and not ReceiptKey.objects.exists():
        current = _enter(public)
    if current is not None and current.public_key == public:
        return current
    say_once(current.pk if current else "")
    return None


@cache
def say_once(_current: str) -> None:
    """Log that this process holds a key of the past; a worker would say so twice a second."""
    log.error(
        "RECEIPT_KEY is no longer the key that signs receipts here: "
        "start this process again with the new one."
    )


def check() -> None:
    """Enter RECEIPT_KEY in a database that knows no key yet.

    Raises ImproperlyConfigured when the database knows another one.
    """
    if signing_key() is None:
        raise ImproperlyConfigured(
            "RECEIPT_KEY is not the key this database signs receipts with. Put the old key back, "
            "or let the new one take over with “manage.py rotate_receipt_key”."
        )


def rotate(seed: bytes, *, leaked: bool = False) -> ReceiptKey:
    """Let the private key `seed` (32 bytes) take over; receipts of the old one keep holding.

    With `leaked` the old key is marked as one that others have: its receipts then hold only where
    this site keeps the same. Raises NotRotated.
    """
    public = keys.public_of(seed)
    with transaction.atomic():
        known = ReceiptKey.objects.select_for_update().filter(id=keys.key_id(public)).first()
        if known is not None:
            raise NotRotated("retired" if known.retired_at else "same")
        ReceiptKey.objects.filter(retired_at__isnull=True).update(
            retired_at=timezone.now(), leaked=leaked
        )
        return _enter(public)


def public_keys() -> list[keys.PublicKey]:
    """Return every key this site has signed with, the newest first."""
    return [
        keys.PublicKey(key.id, key.public_key, key.active_from, key.retired_at, key.leaked)
        for key in ReceiptKey.objects.all()
    ]


def _enter(public: str) -> ReceiptKey:
    entered, _created = ReceiptKey.objects.get_or_create(
        id=keys.key_id(public), defaults={"public_key": public}
    )
    return entered
