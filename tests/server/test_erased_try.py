"""A try that its visitor deletes while the answer is still coming stays deleted."""

from tests.engines.provider import (
    DONE,
    END,
    Pause,
    Provider,
    delta,
    event,
    head,
    stop,
    usage,
)
from tests.site import RunningSite
from tests.soak.visits import Visitor


def test_a_try_erased_in_mid_stream_stays_erased(site: RunningSite, provider: Provider) -> None:
    ending = [event(delta(" and more")), event(stop()), event(usage(5, 4)), DONE, END]
    provider.script([head(), event(delta("As far as this")), Pause(1), *ending])
    with Visitor(site) as visitor:
        with visitor.open("A private text") as (attempt, lines):
            for line in lines:
                if "As far as this" in line:
                    break
            visitor.client.post(f"/tries/{attempt}/delete/")
            assert "event: done" in "\n".join(lines)
        assert visitor.client.get(f"/tries/{attempt}/").status_code == 404
        kept = visitor.kept(attempt)
    assert (kept["output"], kept["cost"], kept["reserved"]) == ("", 13, 0)
