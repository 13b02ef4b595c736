"""Profiles: an author's public face."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from prompts_app.models.accounts import User


class Profile(models.Model):
    """Handle, headline, bio, availability, skills, certifications, languages and links."""

    class Availability(models.TextChoices):
        """Whether the author looks for work."""

        UNSAID = "", _("not said")
        OPEN = "open", _("open to work")
        LATER = "later", _("available later")
        CLOSED = "closed", _("not available")

    class Accent(models.TextChoices):
        """The palette of accents; each is checked for contrast in both colour schemes."""

        BLUE = "blue", _("blue")
        GREEN = "green", _("green")
        PLUM = "plum", _("plum")
        RUST = "rust", _("rust")
        SLATE = "slate", _("slate")

    class Contact(models.TextChoices):
        """How whoever reads the author's pages reaches them."""

        NONE = "none", _("not through these pages")
        FORM = "form", _("a form: you read messages in the studio and get a mail about each")
        EMAIL = "email", _("an e-mail address that everyone sees")

    user = models.OneToOneField(User, models.CASCADE, related_name="profile")
    handle = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    headline = models.CharField(max_length=160, blank=True)
    bio = models.TextField(blank=True)
    avatar = models.ForeignKey(
        "Picture", models.SET_NULL, null=True, blank=True, related_name="avatar_of"
    )
    availability = models.CharField(
        max_length=10, choices=Availability, default=Availability.UNSAID, blank=True
    )
    accent = models.CharField(max_length=10, choices=Accent, default=Accent.BLUE)
    # Lists of strings, and of {"label", "url"}: shown in the author's order, never searched.
    skills = models.JSONField(default=list, blank=True)
    languages = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    # {"name", "issuer", "issued": "YYYY-MM", "expires": "YYYY-MM" or "", "url": "" for none}
    certifications = models.JSONField(default=list, blank=True)
    contact_mode = models.CharField(max_length=6, choices=Contact, default=Contact.NONE)
    # Shown where the mode says so; the account's own address never is.
    contact_email = models.EmailField(blank=True)
    is_sample = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = (models.UniqueConstraint(Lower("handle"), name="profile_handle"),)

    def __str__(self) -> str:
        return f"@{self.handle}"
