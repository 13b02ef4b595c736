"""Every route of the site, one list per feature."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from prompts_app.views import (
    cases,
    editor,
    entries,
    explore,
    feeds,
    language,
    media,
    output,
    outputs,
    profiles,
    runs,
    studio,
    tryit,
    versions,
)

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

explore_routes: Routes = [
    path("", explore.home, name="home"),
    path("explore/", explore.explore, name="explore"),
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

studio_routes: Routes = [
    path("studio/", studio.studio, name="studio"),
    path("studio/entries/new/", studio.new_entry, name="studio_entry_new"),
    path("studio/entries/<slug:slug>/", editor.draft, name="studio_entry"),
    path("studio/entries/<slug:slug>/preview/", editor.preview, name="studio_preview"),
    path("studio/entries/<slug:slug>/settings/", studio.settings, name="studio_entry_settings"),
    path("studio/entries/<slug:slug>/cover/", studio.cover, name="studio_cover"),
    path("studio/entries/<slug:slug>/delete/", studio.delete_entry, name="studio_entry_delete"),
    path("studio/entries/<slug:slug>/cases/", cases.cases, name="studio_cases"),
    path("studio/entries/<slug:slug>/cases/new/", cases.new_case, name="studio_case_new"),
    path("studio/entries/<slug:slug>/cases/<uuid:case_id>/", cases.edit_case, name="studio_case"),
    path(
        "studio/entries/<slug:slug>/cases/<uuid:case_id>/remove/",
        cases.remove_case,
        name="studio_case_remove",
    ),
    path(
        "studio/entries/<slug:slug>/cases/<uuid:case_id>/restore/",
        cases.restore_case,
        name="studio_case_restore",
    ),
    path("studio/entries/<slug:slug>/versions/", versions.versions, name="studio_versions"),
    path(
        "studio/entries/<slug:slug>/versions/<int:number>/withdraw/",
        versions.withdraw,
        name="studio_withdraw",
    ),
    path("studio/entries/<slug:slug>/outputs/", outputs.all_outputs, name="studio_outputs"),
    path("studio/entries/<slug:slug>/outputs/<uuid:run_id>/", output.output, name="studio_output"),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/cancel/",
        output.cancel,
        name="studio_output_cancel",
    ),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/retry/",
        output.retry,
        name="studio_output_retry",
    ),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/hide/",
        output.hide,
        name="studio_output_hide",
    ),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/delete/",
        output.delete,
        name="studio_output_delete",
    ),
]

urlpatterns: Routes = [
    *accounts,
    *tryit_routes,
    *explore_routes,
    *public,
    *files,
    *machines,
    *studio_routes,
]
