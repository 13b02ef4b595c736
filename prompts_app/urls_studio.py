"""Every route of the studio, one list per feature."""

from django.urls import URLPattern, URLResolver, path

from prompts_app.views import (
    arranging,
    cases,
    editor,
    endings,
    evaluation,
    evaluations,
    imports,
    limits,
    new_entry,
    output,
    outputs,
    profile_edit,
    profile_proof,
    provider,
    providers,
    resume,
    second_language,
    shares,
    shares_edit,
    studio,
    versions,
)

Routes = list[URLPattern | URLResolver]

limits_routes: Routes = [
    path("studio/limits/", limits.limits, name="studio_limits"),
    path("studio/limits/pause/", limits.pause, name="studio_pause"),
]

profile_edit_routes: Routes = [
    path("studio/profile/", profile_edit.profile, name="studio_profile"),
    path("studio/profile/picture/", profile_edit.avatar, name="studio_avatar"),
    path("studio/profile/proof/", profile_proof.proof, name="studio_proof"),
    path("studio/profile/proof/skill/", profile_proof.pick, name="studio_proof_skill"),
    path(
        "studio/profile/proof/<slug:key>/",
        profile_proof.certificate,
        name="studio_proof_certificate",
    ),
    path("studio/profile/resume.json", resume.own_resume, name="studio_resume"),
]

studio_routes: Routes = [
    path("studio/", studio.studio, name="studio"),
    path("studio/first-steps/skip/", new_entry.skip_step, name="studio_skip_step"),
    path("studio/archived/", endings.archived, name="studio_archived"),
    path("studio/bin/", endings.bin_page, name="studio_bin"),
    path("studio/bin/<slug:slug>/restore/", endings.restore, name="studio_bin_restore"),
    path("studio/bin/<slug:slug>/delete/", endings.delete_now, name="studio_bin_delete"),
    path("studio/entries/new/", new_entry.new_entry, name="studio_entry_new"),
    path("studio/entries/<slug:slug>/", editor.draft, name="studio_entry"),
    path("studio/entries/<slug:slug>/preview/", editor.preview, name="studio_preview"),
    path("studio/entries/<slug:slug>/run/", editor.run, name="studio_draft_run"),
    path("studio/entries/<slug:slug>/settings/", studio.settings, name="studio_entry_settings"),
    path(
        "studio/entries/<slug:slug>/translation/",
        second_language.translation,
        name="studio_translation",
    ),
    path("studio/entries/<slug:slug>/cover/", studio.cover, name="studio_cover"),
    path("studio/entries/<slug:slug>/move/", arranging.move, name="studio_entry_move"),
    path("studio/entries/<slug:slug>/pin/", arranging.pin, name="studio_entry_pin"),
    path("studio/entries/<slug:slug>/archive/", endings.archive, name="studio_entry_archive"),
    path("studio/entries/<slug:slug>/take-back/", endings.take_back, name="studio_entry_take_back"),
    path("studio/entries/<slug:slug>/delete/", endings.delete, name="studio_entry_delete"),
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

evaluation_routes: Routes = [
    path("studio/entries/<slug:slug>/evidence/", evaluations.evidence, name="studio_evidence"),
    path(
        "studio/entries/<slug:slug>/evidence/cost/",
        evaluations.evaluation_cost,
        name="studio_evaluation_cost",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/judging/",
        evaluations.stored_cost,
        name="studio_judging_cost",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/<uuid:evaluation_id>/",
        evaluation.evaluation,
        name="studio_evaluation",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/<uuid:evaluation_id>/stop/",
        evaluation.stop,
        name="studio_evaluation_stop",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/<uuid:evaluation_id>/resume/",
        evaluation.resume,
        name="studio_evaluation_resume",
    ),
]

provider_routes: Routes = [
    path("studio/models/", providers.all_providers, name="studio_providers"),
    path("studio/models/new/", providers.new_provider, name="studio_provider_new"),
    path("studio/models/<int:pk>/", provider.one_provider, name="studio_provider"),
    path(
        "studio/models/<int:pk>/delete/", providers.delete_provider, name="studio_provider_delete"
    ),
]

link_routes: Routes = [
    path("studio/links/", shares.all_links, name="studio_links"),
    path("studio/links/new/", shares_edit.new_link, name="studio_link_new"),
    path("studio/links/note/", shares_edit.note, name="studio_link_note"),
    path("studio/links/<uuid:link_id>/", shares.one_link, name="studio_link"),
    path("studio/links/<uuid:link_id>/edit/", shares_edit.edit, name="studio_link_edit"),
    path(
        "studio/links/<uuid:link_id>/duplicate/",
        shares_edit.duplicate,
        name="studio_link_duplicate",
    ),
    path("studio/links/<uuid:link_id>/revoke/", shares.revoke, name="studio_link_revoke"),
    path(
        "studio/links/<uuid:link_id>/qr.svg",
        shares.code,
        {"kind": "svg"},
        name="studio_link_code_svg",
    ),
    path(
        "studio/links/<uuid:link_id>/qr.png",
        shares.code,
        {"kind": "png"},
        name="studio_link_code_png",
    ),
]

import_routes: Routes = [
    path("studio/import/", imports.new_import, name="studio_import"),
    path("studio/import/<uuid:import_id>/", imports.check, name="studio_import_check"),
    path("studio/import/<uuid:import_id>/discard/", imports.discard, name="studio_import_discard"),
    path("studio/imports/", imports.all_imports, name="studio_imports"),
    path("studio/imports/<uuid:import_id>/", imports.done, name="studio_import_done"),
    path("studio/imports/<uuid:import_id>/undo/", imports.undo, name="studio_import_undo"),
]

routes: Routes = [
    *limits_routes,
    *profile_edit_routes,
    *studio_routes,
    *evaluation_routes,
    *provider_routes,
    *link_routes,
    *import_routes,
]
