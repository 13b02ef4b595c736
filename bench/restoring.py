"""An archive of 1,000 entries read into an empty account, and how long nobody else can write."""

import json

from tests.site import RunningSite

ENTRIES = 1_000
GOAL_SECONDS = 2

MEASURE = """
import io, json, time
from dataclasses import replace
from django.db import connection
from prompts_app.models import Run, User
from prompts_app.services import archives, imports
from prompts_app.services.import_reading import Rules, ready
from tests import factories, importing
writer = factories.profile().user
like = importing.whole()
rules = Rules()
documents = (
    ready(replace(like, title=f"No. {number}", source_key=f"bench:{number}",
        runs=(like.runs * 5)[:5]), rules) for number in range(ENTRIES))
importing.done(imports.bring_in_file(writer, "bench.json", 1, "promptfoo", documents, "draft"))
file = io.BytesIO()
for _step in archives.write(writer, file):
    pass
made = {}
def timed(name, work):
    started = time.monotonic()
    for _step in work:
        pass
    made[name] = time.monotonic() - started
file.seek(0)
looked = archives.Looking(factories.profile().user, file)
timed("look", looked.look())
within = []
def noted(execute, sql, params, many, context):
    if not connection.in_atomic_block:
        return execute(sql, params, many, context)
    within.append(time.monotonic())
    try:
        return execute(sql, params, many, context)
    finally:
        within.append(time.monotonic())
with connection.execute_wrapper(noted):
    timed("make", archives.Making(looked).make())
assert not looked.report.problems, looked.report.problems
made["within"] = within[-1] - within[0]
made["queries"] = len(within) / 2
made["runs"] = Run.objects.filter(version__entry__in=looked.report.made).count()
print(json.dumps(made))
"""


def bench_restoring(site: RunningSite) -> None:
    """Print how long it takes to look an archive through, to make it, and its one transaction."""
    made = json.loads(site.python(MEASURE.replace("ENTRIES", str(ENTRIES))))
    print(f"An archive of {ENTRIES:,} entries with {made['runs']:,} runs")
    print(f"  looked through              {made['look']:6.2f} s")
    print(f"  brought in                  {made['make']:6.2f} s")
    print(
        f"  of that in its transaction  {made['within']:6.2f} s (goal: at most {GOAL_SECONDS})"
        f"   {made['queries'] / ENTRIES:6.3f} queries an entry"
    )
