"""Share links: one for each application, what it shows, and what became of it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User
from prompts_app.models.entries import Entry
from prompts_app.models.versions import Version


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    """The filters that pages share."""

    def live(self) -> "ShareLinkQuerySet":
        """Links that open: neither revoked nor expired, of an account that is in use."""
        return self.filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=timezone.now()),
            revoked_at__isnull=True,
            owner__is_active=True,
        )


class ShareLink(models.Model):
    """One link for one application. Money in micro-dollars, for the link's whole life.

    The token stands in no table: it is found by its HMAC, and shown again from its encryption.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="share_links")
    token_mac = models.CharField(max_length=64, unique=True)
    token_encrypted = models.BinaryField()
    # For the author alone.
    label = models.CharField(max_length=80, blank=True)
    company = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=12, choices=settings.LANGUAGES, default="en")
    note = models.TextField(blank=True)
    # What the author wishes of this company alone, in their own words.
    pay = models.CharField(max_length=120, blank=True)
    start = models.CharField(max_length=80, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Hashed as accounts' passwords are; blank for none. What was opened with an older one is shut.
    password = models.CharField(max_length=128, blank=True)
    password_version = models.PositiveIntegerField(default=0)
    shows_prompts = models.BooleanField(default=True)
    allows_tries = models.BooleanField(default=True)
    tries_allowed = models.PositiveIntegerField(default=30)
    budget = models.BigIntegerField(default=250_000)
    # When the author was last told that it was opened.
    told_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[ShareLinkQuerySet] = ShareLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(condition=models.Q(budget__gte=0), name="share_budget_positive"),
        )

    def __str__(self) -> str:
        return self.label or self.company or self.role or str(self.pk)

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_revoked(self) -> bool:
        """Whether the author took it back."""
        return self.revoked_at is not None


class ShareItem(models.Model):
    """One entry on a link, at a fixed version or, without one, at the published one."""

    link = models.ForeignKey(ShareLink, models.CASCADE, related_name="items")
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="share_items")
    version = models.ForeignKey(
        Version, models.CASCADE, null=True, blank=True, related_name="share_items"
    )
    position = models.PositiveSmallIntegerField()
    # Why it fits, to this company.
    sentence = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("shared entry")
        verbose_name_plural = _("shared entries")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("link", "entry"), name="share_item_once"),)

    def __str__(self) -> str:
        return f"{self.link}: {self.entry}"


class Visit(models.Model):
    """One counted visit of a link's page, kept for 30 days; nothing of who it was.

    The id is the page's single-use nonce: the same page never counts twice.
    """

    class Kind(models.TextChoices):
        """Who it seems to have been. Only humans count."""

        HUMAN = "human", _("visit")
        PREVIEW = "preview", _("link preview")
        SCANNER = "scanner", _("mail scanner")
        OWNER = "owner", _("yourself")

    id = models.UUIDField(primary_key=True, editable=False)
    link = models.ForeignKey(ShareLink, models.CASCADE, related_name="visits")
    kind = models.CharField(max_length=8, choices=Kind)
    # The day of the salt (UTC), and the HMAC under it: means nothing once the salt is destroyed.
    day = models.DateField()
    visitor = models.CharField(max_length=64)
    began_at = models.DateTimeField(default=timezone.now)
    # Clicked, scrolled or typed, or stayed for five seconds.
    interacted = models.BooleanField(default=False)
    # Keys of entries that came into view.
    seen = models.JSONField(default=list)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = (
            models.Index(fields=("link", "day"), name="visit_of_link"),
            models.Index(fields=("began_at",), name="visit_expiry"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class VisitDay(models.Model):
    """What one link saw on one day (UTC), in numbers; kept for 13 months."""

    link = models.ForeignKey(ShareLink, models.CASCADE, related_name="visit_days")
    day = models.DateField()
    opens = models.PositiveIntegerField(default=0)
    visitors = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    downloads = models.PositiveIntegerField(default=0)
    # Code of services.limits.Refused → how many tries could not run for it.
    refusals = models.JSONField(default=dict)
    # Previews, scanners and the owner together: shown apart.
    filtered = models.PositiveIntegerField(default=0)
    # Entry's key → in how many visits it came into view.
    entries = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("day's visits")
        verbose_name_plural = _("days' visits")
        constraints = (models.UniqueConstraint(fields=("link", "day"), name="visits_of_day"),)

    def __str__(self) -> str:
        return f"{self.link} {self.day}"


class ContactMessage(models.Model):
    """What somebody wrote to an author through a page; kept here first and mailed second."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="messages")
    link = models.ForeignKey(
        ShareLink, models.SET_NULL, null=True, blank=True, related_name="messages"
    )
    # "message", or "new_link": an expired link was asked for again.
    about = models.CharField(max_length=12, default="message")
    # Whom the day's limit counts: an HMAC that means nothing once its day's salt is destroyed.
    visitor = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    # When the mail about it may be tried; None once somebody has begun to send it.
    mail_due = models.DateTimeField(null=True, blank=True, default=timezone.now)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = (
            models.Index(fields=("owner", "-created_at"), name="messages_of_owner"),
            models.Index(
                fields=("owner",),
                condition=models.Q(read_at__isnull=True),
                name="messages_unread",
            ),
            models.Index(
                fields=("mail_due",),
                condition=models.Q(mail_due__isnull=False),
                name="messages_to_mail",
            ),
        )

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.name}"
