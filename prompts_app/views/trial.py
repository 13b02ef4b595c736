"""A visitor's own try, with the columns that ran beside it: an address nobody can guess."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from prompts_app import access
from prompts_app.http import Request
from prompts_app.models import Try
from prompts_app.services import share_tokens, tries
from prompts_app.views.share_door import language_of
from prompts_app.views.tried import shown, title_of
from prompts_app.views.try_page import addresses_of


@never_cache
@require_safe
def trial(request: Request, trial_id: uuid.UUID) -> HttpResponse:
    """What came of it, column by column, kept for 30 days."""
    columns = access.visitors_tries(trial_id)
    first = columns[0]
    entry = first.entry
    for column in columns:
        if tries.is_overdue(column):
            tries.take_back(column)
    with language_of(request, first.link):
        context = {
            "entry": entry,
            "profile": entry.owner.profile,
            "link": first.link,
            "addresses": addresses_of(entry, _token(first)),
            "first": first,
            "columns": [
                {"title": title_of(one.version, entry.baseline), "tried": shown(one, first.version)}
                for one in columns
            ],
            "single": len(columns) == 1,
            "by_model": len({one.version_id for one in columns}) == 1 and len(columns) > 1,
        }
        response = render(request, "tryit/trial.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Content-Language"] = request.LANGUAGE_CODE
    return response


@require_POST
def trial_delete(request: Request, trial_id: uuid.UUID) -> HttpResponse:
    """Delete a try with all its columns: its address is the visitor's proof that it is theirs."""
    columns = access.visitors_tries(trial_id)
    first = columns[0]
    for column in columns:
        tries.erase_try(column)
    return redirect(addresses_of(first.entry, _token(first))["try"])


def _token(attempt: Try) -> str | None:
    """Return the token of the share link a try came through; None without one."""
    return share_tokens.token_of(attempt.link) if attempt.link is not None else None
