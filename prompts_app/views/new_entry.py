"""The studio's page on which an entry begins, and the first steps of whoever has none."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from prompts_app.forms import focus
from prompts_app.forms.new_entry import NewEntryForm
from prompts_app.http import Request
from prompts_app.services import entries, first_steps, starting
from prompts_app.views.studio import author, import_url


@author
@require_http_methods(["GET", "POST"])
def new_entry(request: Request) -> HttpResponse:
    """Make an entry, then go straight to its editor."""
    if request.method == "GET":
        return _page(request, NewEntryForm(template=request.GET.get("template", "")))
    form = NewEntryForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    given = {"tags": form.cleaned_data["tags"], **form.surroundings()}
    if form.chosen:
        entry = starting.from_template(request.user, form.chosen, **given)
    else:
        prompt, kind = form.cleaned_data["prompt"], form.cleaned_data["kind"]
        entry = entries.create_entry(
            request.user, content=starting.content_from(prompt, kind), **given
        )
    return redirect("studio_entry", entry.slug)


def _page(request: Request, form: NewEntryForm, status: int = 200) -> HttpResponse:
    focus.on_first_error(form)
    context = {
        "nav": "studio",
        "studio_section": "entries",
        "form": form,
        "templates": form.templates.values(),
        "import_url": import_url(),
    }
    return render(request, "studio/new.html", context, status=status)


# Not for authors only: whoever passes over the first step becomes one by it.
@login_required
@require_POST
def skip_step(request: Request) -> HttpResponse:
    """Pass over one of the first steps, or all of them."""
    key = request.POST.get("step", "")
    if key not in (*first_steps.STEPS, "all"):
        raise Http404
    first_steps.skip(request.user, key)
    return redirect("studio")
