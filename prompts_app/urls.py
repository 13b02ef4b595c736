"""Every route of the site, one list per feature."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from prompts_app.views import entries, feeds, language, media, profiles, runs, tryit

Routes = list[URLPattern | URLResolver]

accounts: Routes = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("language/", language.set_language, name="language"),
]

tryit_routes: Routes = [
    path("@<handle>/<slug>/try/", tryit.try_entry, name="try"),
    path("tries/<uuid:trial_id>/", tryit.trial, name="trial"),
    path("tries/<uuid:trial_id>/delete/", tryit.trial_delete, name="trial_delete"),
]

public: Routes = [
    path("@<str:handle>/", profiles.profile_page, name="profile"),
    path("@<str:handle>/<slug:slug>/", entries.entry_page, name="entry"),
    path("@<str:handle>/<slug:slug>/v<int:number>/", entries.version_page, name="version"),
    path("@<str:handle>/<slug:slug>/compare/", entries.compare_page, name="compare"),
    path("runs/<uuid:run_id>/", runs.run_page, name="run"),
]

files: Routes = [
    path("media/<uuid:picture_id>-small.webp", media.small_picture_file, name="picture_small"),
    path("media/<uuid:picture_id>.<slug:suffix>", media.picture_file, name="picture"),
]

machines: Routes = [
    path("robots.txt", feeds.robots, name="robots"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    re_path(
        r"^sitemap-(?P<part>entries|profiles)-(?P<number>[0-9]{1,6})\.xml$",
        feeds.sitemap_part,
        name="sitemap_part",
    ),
    path("feed.atom", feeds.feed, name="feed"),
]

urlpatterns: Routes = [*accounts, *tryit_routes, *public, *files, *machines]
