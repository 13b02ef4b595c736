"""A version's prompt as a file of others' formats, for whoever may read its page."""

from typing import Final

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Version
from prompts_app.services import entry_files
from prompts_app.services.entry_files import Sent
from prompts_app.transfer.sheet import Unwritable

# For each kind what its file is called in a version's address, and by people: names, not texts.
_NAMES: Final = {
    "prompty": ("prompt.prompty", "Prompty (.prompty)"),
    "github-models": ("prompt.prompt.yml", "GitHub Models (.prompt.yml)"),
}
_KINDS: Final = {name: kind for kind, (name, _called) in _NAMES.items()}


@require_safe
@http.kept
def prompt_file(request: Request, handle: str, slug: str, number: int, name: str) -> HttpResponse:
    """One version as the file of that name."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    version = access.version_of(entry, number)
    if version.withdrawn_at is not None or name not in _KINDS:
        raise Http404
    response = as_file(_KINDS[name], Sent(version))
    # A file for programs: search engines are given the page.
    response["X-Robots-Tag"] = "noindex"
    return response


def as_file(kind: str, sent: Sent) -> HttpResponse:
    """Return what is taken along, as a download in one format (entry_files.KINDS)."""
    try:
        file = entry_files.written(kind, sent)
    except Unwritable as refusal:
        raise Http404 from refusal
    response = HttpResponse(file.text, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def files_of(entry: Entry, version: Version, promptfoo_url: str) -> list[tuple[str, str]]:
    """Return what a version can be downloaded as, with the address of each."""
    at = [entry.owner.profile.handle, entry.slug, version.number]
    found = [
        (called, reverse("prompt_file", args=[*at, name]))
        for kind, (name, called) in _NAMES.items()
        if kind in entry_files.for_visitors(version)
    ]
    return [*([("promptfoo (YAML)", promptfoo_url)] if promptfoo_url else []), *found]
