"""An author's profile as a JSON Resume file."""

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Profile
from prompts_app.services import resume
from prompts_app.views.studio import author


@require_safe
@http.kept
def profile_resume(request: Request, handle: str) -> HttpResponse:
    """For everyone, where the author wants that."""
    profile = access.public_profile(handle, http.viewer(request))
    if not profile.shares_resume:
        raise Http404
    response = _file(profile)
    # It is the profile once more: machines list the page, not this.
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@author
@require_safe
def own_resume(request: Request) -> HttpResponse:
    """The author's own, to take along; it says what their public page says."""
    response = _file(request.user.profile)
    response["Content-Disposition"] = 'attachment; filename="resume.json"'
    return response


def _file(profile: Profile) -> HttpResponse:
    listed = Entry.objects.listed().filter(owner=profile.user_id)
    return JsonResponse(
        resume.of_profile(profile, listed),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
