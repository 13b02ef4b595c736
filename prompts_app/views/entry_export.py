"""Taking one entry along: the formats with what each leaves out, and their files."""

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Version
from prompts_app.services import entry_files
from prompts_app.services.entry_files import KINDS, Sent
from prompts_app.transfer.sheet import Unwritable
from prompts_app.views.prompt_files import as_file
from prompts_app.views.studio import about_entry, author

DRAFT: Final = "draft"
# What each format is called, what it is for, and what it leaves out.
_WORDS: Final[dict[str, tuple[Promise, Promise, Promise]]] = {
    "promptfoo": (
        gettext_lazy("promptfoo (YAML)"),
        gettext_lazy(
            "Runs the prompt on every test case with a key of your own: npx promptfoo eval."
        ),
        gettext_lazy(
            "Leaves out the context, the answers, and rules that only this site has: they stand as"
            " comments."
        ),
    ),
    "prompty": (
        gettext_lazy("Prompty (.prompty)"),
        gettext_lazy("Messages, inputs with defaults, and parameters, for editors and programs."),
        gettext_lazy(
            "Leaves out the context, the constraints, the answers, all test cases but one, and"
            " blank lines around messages."
        ),
    ),
    "github-models": (
        gettext_lazy("GitHub Models (.prompt.yml)"),
        gettext_lazy(
            "Messages, parameters and test cases for a repository, with rules as evaluators."
        ),
        gettext_lazy(
            "Leaves out the context, the answers, labels and defaults of variables; rules without"
            " an equal there stand as comments."
        ),
    ),
    "python": (
        gettext_lazy("Python script"),
        gettext_lazy("Sends the messages once, with the openai package and a key of your own."),
        gettext_lazy("Leaves out everything else: values are filled in."),
    ),
    "curl": (
        gettext_lazy("curl"),
        gettext_lazy("The same as one command for a shell."),
        gettext_lazy("Leaves out everything else: values are filled in."),
    ),
}
_REFUSALS: Final[dict[str, Promise]] = {
    "empty": gettext_lazy("Write the prompt first: there is nothing to take along yet."),
    "picture": gettext_lazy("This format knows no prompts for pictures."),
    "role_line": gettext_lazy(
        "Not possible for this prompt: its line “%(detail)s” would begin a message there."
    ),
    "empty_message": gettext_lazy("Not possible for this prompt: one of its messages is empty."),
}


@author
@require_safe
def export(request: Request, slug: str) -> HttpResponse:
    """Every format in a sentence, with what it leaves out, for the version asked for."""
    entry = access.own_entry(request.user, slug)
    history = list(entry.versions.filter(withdrawn_at__isnull=True).defer("content"))
    sent = Sent(_asked_for(request, entry))
    context = {
        **about_entry(entry, "export"),
        "version": sent.version,
        "query": f"?version={sent.version.number or DRAFT}",
        "case": sent.case,
        "versions": history,
        "formats": [_format(kind, sent) for kind in KINDS],
    }
    return render(request, "studio/export.html", context)


@author
@require_safe
def export_file(request: Request, slug: str, kind: str) -> HttpResponse:
    """The version asked for in one format."""
    entry = access.own_entry(request.user, slug)
    if kind not in KINDS:
        raise Http404
    response = as_file(kind, Sent(_asked_for(request, entry)))
    response["Cache-Control"] = "private, no-store"
    return response


def _asked_for(request: Request, entry: Entry) -> Version:
    """Return the version asked for: the published one by default, the draft without one."""
    wanted = request.GET.get("version")
    if wanted == DRAFT or (wanted is None and entry.published is None):
        return entry_files.draft_of(entry)
    published = entry.published.number if entry.published else 0
    number = http.whole_number(wanted, published)
    found = access.own_version(entry.owner, entry.slug, number)
    if found.withdrawn_at is not None:
        raise Http404
    found.entry = entry
    return found


def _format(kind: str, sent: Sent) -> dict[str, Any]:
    name, told, left_out = _WORDS[kind]
    refusal = ""
    try:
        entry_files.written(kind, sent)
    except Unwritable as why:
        refusal = str(_REFUSALS[why.reason]) % {"detail": why.detail[:60]}
    return {
        "kind": kind,
        "name": name,
        "told": told,
        "left_out": left_out,
        "refusal": refusal,
        "filled": _filled(kind, sent),
    }


def _filled(kind: str, sent: Sent) -> str:
    """Say which values a file has that has room for those of one case."""
    if kind not in ("prompty", "python", "curl") or sent.case is None:
        return ""
    return _("With the values of “%(name)s”.") % {"name": sent.case.name}
