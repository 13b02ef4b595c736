"""Entries of a portfolio, their drafts and test cases."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User
from prompts_app.models.imports import Import
from prompts_app.models.providers import LLMModel


class Tag(models.Model):
    """A word entries are filed under; `slug` is its folded form in addresses."""

    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name


class EntryQuerySet(models.QuerySet["Entry"]):
    """The filters that pages share."""

    def published(self) -> "EntryQuerySet":
        """Entries that anyone with the address may see."""
        return self.filter(
            visibility__in=Entry.PUBLIC,
            published__isnull=False,
            owner__is_active=True,
            purge_at__isnull=True,
        )

    def listed(self) -> "EntryQuerySet":
        """Entries that home, explore and profiles show."""
        return self.published().filter(visibility=Entry.Visibility.LISTED)

    def kept(self) -> "EntryQuerySet":
        """Entries an author works with: neither archived nor in the bin."""
        return self.filter(purge_at__isnull=True).exclude(visibility=Entry.Visibility.ARCHIVED)

    def in_order(self) -> "EntryQuerySet":
        """In the author's own order, pinned ones first; what was never placed is newest first."""
        newest = models.F("published_at").desc(nulls_first=True)
        return self.order_by("-pinned", "-place", newest, "-pk")

    def for_cards(self) -> "EntryQuerySet":
        """Everything a card or row shows, in a fixed number of queries."""
        return self.select_related("owner__profile", "cover", "published").prefetch_related("tags")


class Entry(models.Model):
    """One portfolio item. Its prompt lives in a draft and in immutable versions."""

    class Visibility(models.TextChoices):
        """Who finds the entry."""

        DRAFT = "draft", _("draft: only you")
        LINKS = "links", _("only through your share links")
        UNLISTED = "unlisted", _("unlisted: anyone with the address")
        LISTED = "listed", _("listed: on your profile and in Explore")
        ARCHIVED = "archived", _("archived: put away, only you")

    PUBLIC = (Visibility.UNLISTED, Visibility.LISTED)
    # Of these a share link may show what it names.
    SHARED = (Visibility.LINKS, *PUBLIC)

    class Kind(models.TextChoices):
        """What the prompt makes."""

        TEXT = "text", _("text")
        IMAGE = "image", _("picture")

    owner = models.ForeignKey(User, models.CASCADE, related_name="entries")
    slug = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=300, blank=True)
    use_case = models.TextField(blank=True)
    language = models.CharField(max_length=12, default="en")
    # Text → the author's translation of it (services/second_language.py); "" and {} without any.
    second_language = models.CharField(max_length=12, blank=True, default="")
    second_words = models.JSONField(blank=True, default=dict)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.DRAFT)
    # What it was before it was archived, and is again when it is taken back.
    archived_from = models.CharField(max_length=10, blank=True, default="")
    # Among the author's own entries the higher place comes first. New ones stand at 0, before all
    # that were ever arranged (services/arranging.py).
    place = models.IntegerField(default=0)
    pinned = models.BooleanField(default=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="entries")
    cover = models.ForeignKey(
        "Picture", models.SET_NULL, null=True, blank=True, related_name="cover_of"
    )
    credit = models.CharField(max_length=120, blank=True)
    # What only the author can say; pages show it as their statement.
    role_in_team = models.CharField(max_length=300, blank=True)
    used_where = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=300, blank=True)
    # Where an import found it; the same find is never imported twice.
    source_key = models.CharField(max_length=80, null=True, blank=True)
    imported_by = models.ForeignKey(
        Import, models.SET_NULL, null=True, blank=True, related_name="entries"
    )
    published = models.ForeignKey(
        "Version", models.SET_NULL, null=True, blank=True, related_name="published_in"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    baseline = models.ForeignKey(
        "Version", models.SET_NULL, null=True, blank=True, related_name="baseline_of"
    )
    tryable = models.ManyToManyField(LLMModel, blank=True, related_name="entries")
    featured_case = models.ForeignKey(
        "TestCase", models.SET_NULL, null=True, blank=True, related_name="featured_in"
    )
    # Written when publishing: folded words of everything public, for the full-text indexes.
    search_text = models.TextField(blank=True, default="")
    # What cards say of the published version's evidence (services/matrix.py); None without any.
    proof = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    # Until then it lies in the bin, seen by nobody but its author, and there alone. Its versions
    # may go only once this moment is past (models/triggers.py).
    purge_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[EntryQuerySet] = EntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = (
            models.UniqueConstraint(fields=("owner", "slug"), name="entry_slug"),
            # What lies in the bin is no reason not to import it anew.
            models.UniqueConstraint(
                fields=("owner", "source_key"),
                condition=models.Q(purge_at__isnull=True),
                name="entry_source",
            ),
        )
        indexes = (
            models.Index(
                fields=("-published_at", "-id"),
                name="entry_listed",
                condition=models.Q(visibility="listed", published__isnull=False),
            ),
            models.Index(fields=("owner", "-updated_at"), name="entry_of_owner"),
            models.Index(
                fields=("owner", "-place", "-published_at", "-id"),
                name="entry_in_order",
                condition=models.Q(visibility="listed", published__isnull=False),
            ),
            models.Index(
                fields=("purge_at",),
                name="entry_in_bin",
                condition=models.Q(purge_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        """Whether anyone with the address may see it, once it has a published version."""
        return self.visibility in self.PUBLIC


class Draft(models.Model):
    """The one working copy of an entry's prompt. `revision` tells two tabs apart."""

    entry = models.OneToOneField(Entry, models.CASCADE, primary_key=True, related_name="draft")
    content = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return f"{self.entry}"


class TestCase(models.Model):
    """Named values for the variables of an entry."""

    __test__ = False  # pytest would take the class for tests

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="cases")
    name = models.CharField(max_length=120)
    values = models.JSONField(default=dict)
    watch_for = models.CharField(max_length=300, blank=True)
    # What the author says of it; pages show it where an answer fails.
    comment = models.CharField(max_length=400, blank=True)
    position = models.PositiveIntegerField(default=0)
    # A removed case stays for the runs that were made with it.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("test case")
        verbose_name_plural = _("test cases")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name
