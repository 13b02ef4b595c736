"""The database is away while an answer comes: the stream waits for it, and everything is right."""

import threading

from tests.engines.provider import DONE, END, Pause, Provider, delta, event, head, stop, usage
from tests.outage import away
from tests.server.test_streams import events
from tests.site import RunningSite
from tests.soak.visits import Visitor, checked, text_of

# Seconds: longer than the answer still takes once the database has gone.
OUTAGE = 2.0


def test_an_answer_that_ends_meanwhile_is_kept_and_paid_right(
    site: RunningSite, provider: Provider
) -> None:
    ending = [event(delta(" and to the end")), event(stop()), event(usage(5, 4)), DONE, END]
    provider.script([head(), event(delta("As far as this")), Pause(0.5), *ending])
    back = threading.Event()

    def interrupt() -> None:
        with away(site.environment["DATABASE_URL"]):
            gone.set()
            back.wait(OUTAGE)

    gone = threading.Event()
    outage = threading.Thread(target=interrupt)
    with Visitor(site) as visitor:
        with visitor.open("A text") as (attempt, lines):
            read = []
            for line in lines:
                read.append(line)
                if "As far as this" in line:
                    break
            outage.start()
            gone.wait(10)
            read += lines
        assert not outage.is_alive(), "the stream ended before the database was back"
        found = checked(events("\n".join(read) + "\n"))
        kept = visitor.kept(attempt)
    assert found[-1][0] == "done"
    assert text_of(found) == kept["output"] == "As far as this and to the end"
    assert (kept["state"], kept["cost"], kept["money"]) == ("done", 13, "settled")
    assert (kept["actual"], kept["assumed"], kept["reserved"]) == (13, False, 0)
