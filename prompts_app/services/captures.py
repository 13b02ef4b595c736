"""Outputs an author keeps: captured here by the worker, pasted, or uploaded as pictures."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from prompts_app.models import LLMModel, Run, TestCase, Version
from prompts_app.services import (
    pictures,
    providers,
)

_SEEN = "worker-seen"


class CannotCapture(Exception):  # noqa: N818 - it reads as the condition it is
    """The run cannot be asked for; `code` is "withdrawn", "not_usable" or "wrong_kind"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def request_capture(
    version: Version, model: LLMModel, values: dict[str, str], case: TestCase | None = None
) -> Run:
    """Ask the worker to run a version. Nothing is spent yet. Raises CannotCapture."""
    if version.withdrawn_at:
        raise CannotCapture("withdrawn")
    if model.kind != version.content["kind"]:
        raise CannotCapture("wrong_kind")
    owner = version.entry.owner
    if not LLMModel.objects.usable_by(owner).filter(pk=model.pk).exists():
        raise CannotCapture("not_usable")
    return Run.objects.create(
        version=version,
        case=case,
        values=values,
        model=model,
        model_asked=model.name,
        provider_host=providers.host_of(model.provider.base_url),
        is_demo=model.provider.is_demo,
        origin=Run.Origin.CAPTURED,
    )


def paste_output(
    version: Version,
    *,
    output: str,
    model_name: str,
    case: TestCase | None = None,
    values: dict[str, str] | None = None,
) -> Run:
    """Keep an output the author typed or pasted; it is labelled as such and proves nothing."""
    return Run.objects.create(
        version=version,
        case=case,
        values=values if values is not None else (case.values if case else {}),
        model_asked=model_name,
        output=output,
        origin=Run.Origin.PASTED,
        state=Run.State.DONE,
        finished_at=timezone.now(),
        judge_due=timezone.now(),
    )


def keep_picture_output(
    version: Version,
    data: bytes,
    *,
    model_name: str,
    case: TestCase | None = None,
    values: dict[str, str] | None = None,
) -> Run:
    """Keep an uploaded picture as an output. Raises PictureError."""
    picture = pictures.keep_picture(version.entry.owner, data, entry=version.entry)
    run = paste_output(version, output="", model_name=model_name, case=case, values=values)
    run.picture = picture
    run.save(update_fields=["picture"])
    return run


def cancel(run: Run) -> bool:
    """Take back a run that has not begun; return whether it was in time."""
    return bool(
        Run.objects.filter(pk=run.pk, state=Run.State.WAITING).update(
            state=Run.State.STOPPED, finished_at=timezone.now()
        )
    )


def report_worker() -> None:
    """Note that a worker is alive."""
    cache.set(_SEEN, True, timeout=timedelta(minutes=1).total_seconds())


def worker_seen() -> bool:
    """Say whether a worker was alive within the last minute."""
    return bool(cache.get(_SEEN, False))
