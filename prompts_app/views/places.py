"""Where pages about runs lead: to the site's own addresses, or to those under a share link."""

from pathlib import PurePosixPath

from django.urls import reverse

from prompts_app.models import Picture, Run, ShareLink
from prompts_app.templatetags.prompts import picture_small_url, picture_url


class Places:
    """The addresses of the public site."""

    def run(self, run: Run) -> str:
        """Return the page of a run."""
        return reverse("run", args=[run.pk])

    def version(self, run: Run) -> str:
        """Return the page of the version that a run is of; "" where there is none."""
        entry = run.version.entry
        return reverse("version", args=[entry.owner.profile.handle, entry.slug, run.version.number])

    def receipt(self, run: Run) -> str:
        """Return where anyone can check the receipt of a run; "" for one visitors cannot see."""
        return "" if run.hidden else f"{reverse('verify')}?run={run.pk}"

    def picture(self, picture: Picture | None) -> str:
        """Return a picture in full size; "" for none."""
        return picture_url(picture)

    def small_picture(self, picture: Picture | None) -> str:
        """Return a picture's small form; "" for none."""
        return picture_small_url(picture)


SITE = Places()


class SharedPlaces(Places):
    """The same under a share link, which leads nowhere else."""

    def __init__(self, link: ShareLink, token: str) -> None:
        self._token = token
        self._shows_prompts = link.shows_prompts

    def entry(self, slug: str) -> str:
        """Return the page of one of the link's entries."""
        return reverse("share_entry", args=[self._token, slug])

    def run(self, run: Run) -> str:
        """Return the page of a run."""
        return reverse("share_run", args=[self._token, run.pk])

    def version(self, run: Run) -> str:
        """Return "": a link shows one version of each entry, on the entry's page."""
        return ""

    def receipt(self, run: Run) -> str:
        """Return where it can be checked; "" where prompts are hidden, for it tells their hash."""
        if run.hidden or not self._shows_prompts:
            return ""
        return reverse("share_check", args=[self._token, run.pk])

    def picture(self, picture: Picture | None) -> str:
        """Return a picture in full size; "" for none."""
        if picture is None:
            return ""
        suffix = PurePosixPath(picture.file.name or "").suffix.lstrip(".")
        return reverse("share_picture", args=[self._token, picture.pk, suffix])

    def small_picture(self, picture: Picture | None) -> str:
        """Return a picture's small form; "" for none."""
        if picture is None:
            return ""
        return reverse("share_picture_small", args=[self._token, picture.pk])
