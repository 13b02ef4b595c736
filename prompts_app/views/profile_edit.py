"""The studio's page of the author's own profile."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.handles import handle_taken
from prompts_app.forms.pictures import PICTURE_ERRORS
from prompts_app.forms.profiles import AvatarForm, ProfileForm
from prompts_app.http import Request
from prompts_app.models import Profile
from prompts_app.pictures.intake import PictureError
from prompts_app.services import addresses, profiles
from prompts_app.views.studio import author


# Not for authors only: this is where one becomes an author.
@login_required
@require_http_methods(["GET", "POST"])
def profile(request: Request) -> HttpResponse:
    """Make the profile, or change it."""
    existing = access.own_profile(request.user)
    if request.method == "GET":
        return _page(request, existing, ProfileForm(request.user, existing), AvatarForm())
    form = ProfileForm(request.user, existing, request.POST)
    if form.is_valid():
        try:
            profiles.save_profile(request.user, **form.values())
        except addresses.HandleTaken:
            form.add_error("handle", handle_taken())
        else:
            if existing is None:
                messages.success(request, _("Your profile is made. Now show what you can do."))
                return redirect("studio")
            messages.success(request, _("The profile is saved."))
            return redirect("studio_profile")
    return _page(request, existing, form, AvatarForm(), status=422)


@author
@require_POST
def avatar(request: Request) -> HttpResponse:
    """Replace the author's picture, or take it away."""
    own: Profile = request.user.profile
    if "remove" in request.POST:
        profiles.remove_avatar(own)
        messages.success(request, _("The picture is removed."))
        return redirect("studio_profile")
    form = AvatarForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            profiles.set_avatar(own, form.cleaned_data["picture"].read())
        except PictureError as error:
            form.add_error("picture", str(PICTURE_ERRORS[error.code]))
        else:
            messages.success(request, _("The picture is kept."))
            return redirect("studio_profile")
    return _page(request, own, ProfileForm(request.user, own), form, status=422)


def _page(
    request: Request,
    existing: Profile | None,
    form: ProfileForm,
    avatar_form: AvatarForm,
    status: int = 200,
) -> HttpResponse:
    focus.on_first_error(avatar_form, form)
    context = {
        "nav": "studio",
        "studio_section": "profile",
        "profile": existing,
        "form": form,
        "avatar_form": avatar_form,
    }
    return render(request, "studio/profile.html", context, status=status)
