"""What visitors tell the operator about pages."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User

# How the pages of share links begin here: followed by the link's id and the path under it.
LINK = "link:"


class Report(models.Model):
    """A page that somebody thinks should not be there."""

    class Reason(models.TextChoices):
        """What is wrong with it."""

        ILLEGAL = "illegal", _("It is against the law")
        COPYRIGHT = "copyright", _("It is somebody else's work")
        PERSONAL = "personal", _("It shows personal data of somebody")
        DECEIT = "deceit", _("It deceives: fraud, or somebody who is not who they say")
        SPAM = "spam", _("It is advertising or spam")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("open")
        ACTED = "acted", _("dealt with")
        DISMISSED = "dismissed", _("nothing to do")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The page's path on this site, as it was reported; kept when page and author are gone. In that
    # of a share link its id stands where its token did: who has the token has the link.
    page = models.CharField(_("page"), max_length=300)
    author = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("author")
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    text = models.TextField(_("in their words"), blank=True)
    # For the answer, if one is wished for; nobody has checked it.
    email = models.CharField(_("e-mail address"), max_length=254, blank=True)
    # HMAC of the connection under a salt that is thrown away; no address is kept.
    visitor = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("received"), default=timezone.now)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    action = models.CharField(_("what was done"), max_length=300, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("created_at", "visitor"), name="report_of_day"),
            models.Index(fields=("state", "closed_at"), name="report_state"),
        )

    def __str__(self) -> str:
        return self.page

    @property
    def is_of_link(self) -> bool:
        """Whether it is about a page of a share link, which only who has the link can open."""
        return self.page.startswith(LINK)
