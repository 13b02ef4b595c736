"""Test cases of an entry: list, add, change, remove and bring back."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.cases import CaseForm
from prompts_app.forms.values import ValuesForm
from prompts_app.http import Request
from prompts_app.models import Entry, Run, TestCase
from prompts_app.services import cases as case_services
from prompts_app.transfer.document import MAX_CASES
from prompts_app.views.studio import about_entry, author


@author
@require_safe
def cases(request: Request, slug: str) -> HttpResponse:
    """The entry's test cases, in their order."""
    entry = access.own_entry(request.user, slug)
    found = case_services.live_cases(entry)
    names = [variable["name"] for variable in entry.draft.content["variables"]]
    context = {
        **about_entry(entry, "cases"),
        "cases": [
            {
                "case": case,
                "values": [(name, case.values[name]) for name in names if name in case.values],
                "missing": [name for name in names if name not in case.values],
            }
            for case in found
        ],
        "variables": names,
        "removed": _removed(entry, request.GET.get("removed", "")),
        "full": len(found) >= MAX_CASES,
    }
    return render(request, "studio/cases.html", context)


@author
@require_http_methods(["GET", "POST"])
def new_case(request: Request, slug: str) -> HttpResponse:
    """Add a test case."""
    entry = access.own_entry(request.user, slug)
    if len(case_services.live_cases(entry)) >= MAX_CASES:
        messages.error(
            request, _("An entry keeps at most %(most)d test cases.") % {"most": MAX_CASES}
        )
        return redirect("studio_cases", slug)
    return _edit(request, entry, None)


@author
@require_http_methods(["GET", "POST"])
def edit_case(request: Request, slug: str, case_id: uuid.UUID) -> HttpResponse:
    """Change a test case."""
    entry = access.own_entry(request.user, slug)
    return _edit(request, entry, _of(request, slug, case_id))


def _edit(request: Request, entry: Entry, case: TestCase | None) -> HttpResponse:
    content = entry.draft.content
    if request.method == "POST":
        form = CaseForm(request.POST)
        values = ValuesForm(content, request.POST, allow_empty=True)
        if not [one for one in (form, values) if not one.is_valid()]:
            case_services.save_case(entry, case, values=values.values(), **form.cleaned_data)
            messages.success(request, _("The test case is saved."))
            return redirect("studio_cases", entry.slug)
    else:
        start = {name: getattr(case, name) for name in CaseForm.base_fields} if case else None
        form = CaseForm(initial=start)
        values = ValuesForm(content, initial=case.values if case else None, allow_empty=True)
    name, *others = form
    shown = [name, *values, *others]
    focus.on_first_error(shown)
    context = {
        **about_entry(entry, "cases"),
        "form": form,
        "first_refused": focus.first_refused(shown),
        "values": values,
        "case": case,
        "has_runs": case is not None and Run.objects.filter(case=case).exists(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "studio/case.html", context, status=status)


@author
@require_POST
def remove_case(request: Request, slug: str, case_id: uuid.UUID) -> HttpResponse:
    """Take a test case off the list; the list then offers to undo it."""
    case = _of(request, slug, case_id)
    case_services.withdraw_case(case)
    return redirect(reverse("studio_cases", args=[slug]) + f"?removed={case.pk}")


@author
@require_POST
def restore_case(request: Request, slug: str, case_id: uuid.UUID) -> HttpResponse:
    """Bring a removed test case back."""
    entry = access.own_entry(request.user, slug)
    case = _removed(entry, str(case_id))
    if case is None:
        raise Http404
    case_services.restore_case(case)
    return redirect("studio_cases", slug)


def _of(request: Request, slug: str, case_id: uuid.UUID) -> TestCase:
    case = access.own_case(request.user, case_id)
    if case.entry.slug != slug:
        raise Http404
    return case


def _removed(entry: Entry, case_id: str) -> TestCase | None:
    try:
        wanted = uuid.UUID(case_id)
    except ValueError:
        return None
    return entry.cases.filter(pk=wanted, withdrawn_at__isnull=False).first()
