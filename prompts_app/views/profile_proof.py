"""The studio's page of what proves a profile: entries for skills, pictures for certificates."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prompts_app.forms.pictures import PICTURE_ERRORS
from prompts_app.forms.profile_proof import ProofForm, SkillForm
from prompts_app.http import Request
from prompts_app.models import Profile
from prompts_app.pictures.intake import PictureError
from prompts_app.services import profiles, skills
from prompts_app.templatetags.profiles import certifications, phrases
from prompts_app.views.studio import author


@author
@require_safe
def proof(request: Request) -> HttpResponse:
    """What proves the profile; `skill` in the address opens that one's entries."""
    profile: Profile = request.user.profile
    asked = request.GET.get("skill", "")
    form = None
    if asked in phrases(profile.skills):
        form = SkillForm(skills.pickable(profile), chosen=skills.picked(profile).get(asked, ()))
    return _page(request, profile, asked if form else "", form)


@author
@require_POST
def pick(request: Request) -> HttpResponse:
    """Say which entries show a skill."""
    profile: Profile = request.user.profile
    skill = request.POST.get("skill", "")
    if skill not in phrases(profile.skills):
        raise Http404
    form = SkillForm(skills.pickable(profile), request.POST)
    if not form.is_valid():
        return _page(request, profile, skill, form, status=422)
    skills.pick(profile, skill, form.cleaned_data["entries"])
    messages.success(request, _("The entries for “%(skill)s” are kept.") % {"skill": skill})
    return redirect(f"{reverse('studio_proof')}#skills")


@author
@require_POST
def certificate(request: Request, key: str) -> HttpResponse:
    """Keep a picture of a certificate, or take it away."""
    profile: Profile = request.user.profile
    back = f"{reverse('studio_proof')}#certifications"
    try:
        if "remove" in request.POST:
            profiles.remove_proof(profile, key)
            messages.success(request, _("The picture is removed."))
            return redirect(back)
        form = ProofForm(request.POST, request.FILES, prefix=key)
        if key not in {one.key for one in certifications(profile)}:
            raise Http404
        if form.is_valid():
            try:
                profiles.set_proof(profile, key, form.cleaned_data["picture"].read())
            except PictureError as error:
                form.add_error("picture", str(PICTURE_ERRORS[error.code]))
            else:
                messages.success(request, _("The picture is kept."))
                return redirect(back)
    except profiles.NoSuchCertification as error:
        raise Http404 from error
    return _page(request, profile, uploads={key: form}, status=422)


def _page(
    request: Request,
    profile: Profile,
    skill: str = "",
    form: SkillForm | None = None,
    uploads: dict[str, ProofForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    picked = skills.picked(profile)
    sent: dict[str, ProofForm] = uploads or {}
    context: dict[str, Any] = {
        "nav": "studio",
        "studio_section": "profile",
        "profile": profile,
        "skills": [
            {"name": one, "picked": picked.get(one, []), "form": form if one == skill else None}
            for one in phrases(profile.skills)
        ],
        "certificates": [
            {"held": one, "form": sent.get(one.key) or ProofForm(prefix=one.key)}
            for one in certifications(profile)
        ],
    }
    return render(request, "studio/proof.html", context, status=status)
