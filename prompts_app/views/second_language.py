"""The studio's page for what an entry says in a second language."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.second_language import SecondLanguageForm
from prompts_app.http import Request
from prompts_app.services import entries, second_language
from prompts_app.views.studio import about_entry, author


@author
@require_http_methods(["GET", "POST"])
def translation(request: Request, slug: str) -> HttpResponse:
    """Every text of the entry beside the field for its translation."""
    entry = access.own_entry(request.user, slug)
    choices = second_language.choices(entry)
    form = SecondLanguageForm(
        entry,
        second_language.sources(entry),
        choices,
        request.POST if request.method == "POST" else None,
    )
    if request.method == "POST" and form.is_valid() and not form.lost:
        words = form.words()
        language = form.cleaned_data["language"] if any(words.values()) else ""
        entries.translate(entry, language, words)
        messages.success(request, _("The translation is saved."))
        return redirect("studio_translation", slug)
    focus.on_first_error(form)
    names = dict(choices)
    chosen = form["language"].value()
    context = about_entry(entry, "settings") | {
        "form": form,
        "language": chosen if chosen in names else "",
        "only_language": next(iter(names.values())) if len(names) == 1 else "",
    }
    return render(request, "studio/translation.html", context, status=422 if form.is_bound else 200)
