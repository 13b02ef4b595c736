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

    class WorkMode(models.TextChoices):
        """Where the author works; several may do."""

        ON_SITE = "on_site", _("on site")
        HYBRID = "hybrid", _("partly on site")
        REMOTE = "remote", _("remote")

    class Contract(models.TextChoices):
        """What the author would sign; several may do."""

        FULL_TIME = "full_time", _("full-time job")
        CONTRACT = "contract", _("fixed-term contract")
        FREELANCE = "freelance", _("freelance work")
        HYBRID = "hybrid", _("hybrid role: prompts and something else")

    class Level(models.TextChoices):
        """How well a language is spoken: levels of the Council of Europe, and a first language."""

        UNSAID = "", _("not said")
        NATIVE = "native", _("first language")
        C2 = "C2", _("C2, masters it")
        C1 = "C1", _("C1, fluent")
        B2 = "B2", _("B2, at ease")
        B1 = "B1", _("B1, gets by")
        A2 = "A2", _("A2, elementary")
        A1 = "A1", _("A1, first words")

    class Contact(models.TextChoices):
        """How whoever reads the author's pages reaches them."""

        NONE = "none", _("not through these pages")
        FORM = "form", _("a form: you read messages in the studio and get a mail about each")
        EMAIL = "email", _("an e-mail address that everyone sees")

    user = models.OneToOneField(User, models.CASCADE, related_name="profile")
    handle = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    pronouns = models.CharField(max_length=40, blank=True)
    headline = models.CharField(max_length=160, blank=True)
    bio = models.TextField(blank=True)
    avatar = models.ForeignKey(
        "Picture", models.SET_NULL, null=True, blank=True, related_name="avatar_of"
    )
    availability = models.CharField(
        max_length=10, choices=Availability, default=Availability.UNSAID, blank=True
    )
    available_from = models.DateField(null=True, blank=True)
    location = models.CharField(max_length=120, blank=True)
    # Lists of codes, in the order of their choices.
    work_modes = models.JSONField(default=list, blank=True)
    contracts = models.JSONField(default=list, blank=True)
    accent = models.CharField(max_length=10, choices=Accent, default=Accent.BLUE)
    # Shown in the author's order, never searched. Skills are strings (SkillShown holds the entries
    # that show each), languages strings or {"name", "level"}, links {"label", "url"}.
    skills = models.JSONField(default=list, blank=True)
    languages = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    # {"role", "where", "from": "YYYY-MM", "until": "YYYY-MM" or "" for now, "url", "text"}
    experience = models.JSONField(default=list, blank=True)
    # {"key", "name", "issuer", "issued": "YYYY-MM", "expires": "YYYY-MM" or "", "url": "" for none,
    # "proof": id of a picture or ""}; the key tells one from another while they are edited.
    certifications = models.JSONField(default=list, blank=True)
    contact_mode = models.CharField(max_length=6, choices=Contact, default=Contact.NONE)
    # Shown where the mode says so; the account's own address never is.
    contact_email = models.EmailField(blank=True)
    # Whether machines that collect pages (search engines, feeds) may keep the author's.
    is_indexed = models.BooleanField(default=True)
    # Whether anyone may fetch the profile as JSON Resume.
    shares_resume = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = (models.UniqueConstraint(Lower("handle"), name="profile_handle"),)

    def __str__(self) -> str:
        return f"@{self.handle}"


class SkillShown(models.Model):
    """An entry the author picked to show one of their skills."""

    profile = models.ForeignKey(Profile, models.CASCADE, related_name="skills_shown")
    # As it stands in `Profile.skills`.
    skill = models.CharField(max_length=60)
    entry = models.ForeignKey("Entry", models.CASCADE, related_name="skills_shown")

    class Meta:
        verbose_name = _("skill shown")
        verbose_name_plural = _("skills shown")
        constraints = (
            models.UniqueConstraint(fields=("profile", "skill", "entry"), name="skill_shown_once"),
        )

    def __str__(self) -> str:
        return f"{self.skill}: {self.entry}"
