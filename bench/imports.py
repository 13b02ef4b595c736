"""An import of 1,000 entries: looked at, brought in, known again, taken back."""

import json

from tests.site import RunningSite

ENTRIES = 1_000
GOAL_SECONDS = 10

MEASURE = """
import json, time
from django.db import connection, reset_queries
from prompts_app.models import Draft, Entry, User
from prompts_app.services import import_undo, imports
from tests import factories, importing
owner = User.objects.get(email="author@example.org")
made = {"seconds": {}, "queries": {}}
def measured(name, work):
    connection.force_debug_cursor = True
    reset_queries()
    started = time.monotonic()
    try:
        done = importing.done(work)
    finally:
        connection.force_debug_cursor = False
    made["seconds"][name] = time.monotonic() - started
    # Those of its one import back, which `done` asks for again.
    made["queries"][name] = len(connection.queries_log)
    return done
like = importing.whole()
from dataclasses import replace
from prompts_app.services.import_reading import Rules, ready
def documents(count, start):
    rules = Rules()
    for number in range(start, start + count):
        yield ready(replace(like, title=f"No. {number}", source_key=f"bench:{number}"), rules)
def file(count, start, name):
    return measured(name, imports.bring_in_file(
        owner, "bench.json", 1, "promptfoo", documents(count, start), "draft"))
file(10, 0, "few")
rich = file(ENTRIES, 10_000, "rich")
measured("undo", import_undo.undo(rich, ()))
data = importing.prompts(ENTRIES)
upload = measured("look", imports.keep(owner, data, "prompts.csv"))
measured("plain", imports.bring_in(upload))
print(json.dumps(made))
"""


def bench_imports(site: RunningSite) -> None:
    """Print how long an import takes, and how many queries an entry."""
    made = json.loads(site.python(MEASURE.replace("ENTRIES", str(ENTRIES))))
    print(f"An import of {ENTRIES:,} entries (goal: at most {GOAL_SECONDS} s)")
    for name, said in (
        ("look", "look at what it would make: prompts of one message"),
        ("plain", "bring them in"),
        ("rich", "bring in: 2 versions, a case, 3 rules, 2 outputs each"),
        ("undo", "take those back"),
    ):
        print(
            f"  {said:55} {made['seconds'][name]:6.2f} s"
            f"   {made['queries'][name] / ENTRIES:6.3f} queries an entry"
        )
    print(f"  with 10 instead: {made['queries']['few'] / 10:.1f} queries an entry")
