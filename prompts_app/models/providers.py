"""Providers of models, and the models they serve."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import SiteGrant, User
from prompts_app.models.prepared import Param


class Provider(models.Model):
    """An OpenAI-compatible endpoint. Without an owner it is the site's own."""

    class Source(models.TextChoices):
        """How the site came to know it."""

        STUDIO = "studio", _("added in the studio")
        ENVIRONMENT = "environment", _("set by the operator")
        OLLAMA = "ollama", _("found on this machine")
        DEMO = "demo", _("demo model")

    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="providers")
    source = models.CharField(max_length=12, choices=Source, default=Source.STUDIO)
    name = models.CharField(max_length=60)
    preset = models.CharField(max_length=20, blank=True)
    base_url = models.CharField(max_length=300)
    # Encrypted with FIELD_KEY; the site's own key stays in the environment and is never here.
    key_encrypted = models.BinaryField(blank=True, default=b"")
    active = models.BooleanField(default=True)
    # Calls the worker makes at once, and until when it makes none because the provider asked.
    at_once = models.PositiveSmallIntegerField(default=4)
    rest_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = (
            models.UniqueConstraint(
                fields=("source",), condition=models.Q(owner__isnull=True), name="provider_of_site"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_demo(self) -> bool:
        """Whether its answers come from scripted rules instead of a language model."""
        return self.source == self.Source.DEMO


class LLMModelQuerySet(models.QuerySet["LLMModel"]):
    """The filters that pages share."""

    def usable_by(self, owner: User) -> "LLMModelQuerySet":
        """Models with a price that `owner` may spend on: their own, and the site's if granted."""
        return self.usable(owner, granted=SiteGrant.cap_of(owner) is not None)

    def usable(self, owner: "User | Param", *, granted: bool) -> "LLMModelQuerySet":
        """Return the same; `granted` says whether the site's may be used."""
        whose = models.Q(provider__owner=owner)
        if granted:
            whose |= models.Q(provider__owner__isnull=True)
        priced = models.Q(
            kind=LLMModel.Kind.TEXT, input_price__isnull=False, output_price__isnull=False
        ) | models.Q(kind=LLMModel.Kind.IMAGE, picture_price__isnull=False)
        return self.filter(whose, priced, enabled=True, provider__active=True).select_related(
            "provider__owner"
        )


class LLMModel(models.Model):
    """A model a provider serves. Prices are micro-dollars per million tokens, or per picture.

    A model without a price is unknown money and cannot be used; zero is a price.
    """

    class Kind(models.TextChoices):
        """What it makes."""

        TEXT = "text", _("text")
        IMAGE = "image", _("picture")

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="served")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    input_price = models.BigIntegerField(null=True, blank=True)
    output_price = models.BigIntegerField(null=True, blank=True)
    picture_price = models.BigIntegerField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    # Parameters it answered 400 to; left out from then on.
    refused = models.JSONField(default=list, blank=True)

    objects: ClassVar[LLMModelQuerySet] = LLMModelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ("provider", "name")
        constraints = (models.UniqueConstraint(fields=("provider", "name"), name="model_name"),)

    def __str__(self) -> str:
        return self.name
