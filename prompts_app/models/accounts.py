"""Accounts, and what an account may spend."""

import secrets
import zoneinfo
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the names of all time zones this machine knows, and UTC."""
    return frozenset(zoneinfo.available_timezones() | {"UTC"})


def validate_time_zone(name: str) -> None:
    """Raise ValidationError for what is no time zone."""
    if name not in time_zones():
        raise ValidationError(_("Choose a time zone of the list."), code="time_zone")


class UserManager(BaseUserManager["User"]):
    """Makes accounts whose e-mail addresses compare without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new account; raises ValueError without an e-mail address."""
        if not email:
            raise ValueError("an account needs an e-mail address")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new account that may use the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """An account: signs in by e-mail address. What the public sees of it is its profile."""

    email = models.EmailField(_("e-mail address"), unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    # Why it is not active: the operator suspended it, or its owner is leaving and all of it is
    # deleted then. Whatever is public asks for `is_active` alone.
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)
    purge_at = models.DateTimeField(_("to be deleted"), null=True, blank=True)
    language = models.CharField(max_length=8, blank=True)
    # Whose midnight begins a day of the account's budget and of its entries' tries.
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    date_joined = models.DateTimeField(default=timezone.now)
    # Keys of the first steps that the author passed over (services/first_steps.py).
    skipped_steps = models.JSONField(default=list, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_active=False)
                | models.Q(suspended_at__isnull=True, purge_at__isnull=True),
                name="user_closed_for_a_reason",
            ),
        )
        indexes = (
            models.Index(
                fields=("purge_at",),
                condition=models.Q(purge_at__isnull=False),
                name="user_to_purge",
            ),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def may_return(self) -> bool:
        """Whether signing in takes back that the account is to be deleted."""
        return (
            self.suspended_at is None
            and self.purge_at is not None
            and self.purge_at > timezone.now()
        )

    def clean(self) -> None:
        """Keep addresses in lower case, so that one address is one account."""
        self.email = self.email.strip().lower()


def _tries_per_day() -> int:
    return int(settings.TRIES_PER_AUTHOR_PER_DAY)


def _tries_at_once() -> int:
    return int(settings.TRIES_AT_ONCE_PER_AUTHOR)


def _tries_at_once_per_entry() -> int:
    return int(settings.TRIES_AT_ONCE_PER_ENTRY)


class Spending(models.Model):
    """What an author allows visitors to spend and try. Money in micro-dollars, by the day."""

    owner = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="spending")
    daily_limit = models.BigIntegerField()
    # A visitor's on all entries together, all visitors' on one entry, all on all entries.
    tries_per_visitor = models.PositiveIntegerField()
    tries_per_entry = models.PositiveIntegerField()
    tries_per_day = models.PositiveIntegerField(default=_tries_per_day)
    # All visitors' running now, on all entries and on one.
    tries_at_once = models.PositiveIntegerField(default=_tries_at_once)
    tries_at_once_per_entry = models.PositiveIntegerField(default=_tries_at_once_per_entry)
    # What one visitor's tries and those of one entry may cost; None where only the budget counts.
    money_per_visitor = models.BigIntegerField(null=True, blank=True)
    money_per_entry = models.BigIntegerField(null=True, blank=True)
    paused = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("spending limits")
        verbose_name_plural = _("spending limits")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(daily_limit__gte=0), name="spending_positive"
            ),
            models.CheckConstraint(
                # Unknown, as of None, is not refused.
                condition=models.Q(money_per_visitor__gte=0) & models.Q(money_per_entry__gte=0),
                name="spending_parts_positive",
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner}"

    @classmethod
    def of(cls, owner: User) -> "Spending":
        """Return the owner's limits, made from the site's defaults when there are none yet."""
        try:
            return owner.spending
        except cls.DoesNotExist:
            spending, _created = cls.objects.get_or_create(
                owner=owner,
                defaults={
                    "daily_limit": settings.DAILY_BUDGET,
                    "tries_per_visitor": settings.TRIES_PER_VISITOR_PER_DAY,
                    "tries_per_entry": settings.TRIES_PER_ENTRY_PER_DAY,
                },
            )
            return spending


class SiteGrant(models.Model):
    """An author may use the site-wide provider, up to a daily cap in micro-dollars."""

    user = models.OneToOneField(User, models.CASCADE, related_name="site_grant")
    daily_cap = models.BigIntegerField(_("daily cap (micro-dollars)"))

    class Meta:
        verbose_name = _("grant of the site's provider")
        verbose_name_plural = _("grants of the site's provider")
        constraints = (
            models.CheckConstraint(condition=models.Q(daily_cap__gte=0), name="grant_positive"),
        )

    def __str__(self) -> str:
        return f"{self.user}"

    @classmethod
    def cap_of(cls, user: User) -> int | None:
        """Return how many micro-dollars a day the user may spend so; None without a grant."""
        try:
            return user.site_grant.daily_cap
        except cls.DoesNotExist:
            return None


def _invitation_code() -> str:
    return secrets.token_urlsafe(24)


class Invitation(models.Model):
    """Lets one person sign up while sign-up is by invitation."""

    code = models.CharField(max_length=64, unique=True, default=_invitation_code)
    note = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_by = models.OneToOneField(User, models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.note or self.code[:8]
