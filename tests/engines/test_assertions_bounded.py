"""Hostile rules and answers end in time, and the next judgement is none the worse for it."""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prompts_app.assertions import bounded
from prompts_app.assertions.base import Finding, Output
from prompts_app.assertions.child import EndedError, receive, send
from prompts_app.assertions.registry import check, judge
from tests.engines.rules import HANG, in_time

OVER = {"too_slow", "busy", "out_of_memory", "too_deep", "too_large"}
LONG = "a" * 1_000_000
REGEX = {"type": "regex", "value": "b$"}


@pytest.fixture(autouse=True)
def _warm() -> None:
    bounded.warm()


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"type": "regex", "value": "(a|aa)+$"}, LONG + "b"),
    ({"type": "regex", "value": "(a*)*=(?R)"}, LONG),
    ({"type": "regex", "value": "(?:abcdefghijklmnop){e<=8}"}, LONG),
    ({"type": "regex", "value": "(((((a{1000}){1000}){1000}){1000}){1000})"}, LONG),
    ({"type": "regex", "value": "x*" * 400 + "y"}, "x" * 100_000),
    ({"type": "is-json", "value": {"items": {"pattern": "^(\\w+\\s?)*$"}}}, f'["{LONG[:60]}!"]'),
    ({"type": "is-json"}, "[" * 10_000 + "]" * 10_000),
    ({"type": "is-json"}, "[" + "[],\n" * 250_000 + "1]"),
    ({"type": "contains-json"}, '{"a":' * 200_000),
    ({"type": "contains-json"}, '{"' * 500_000),
    ({"type": "is-xml"}, "<a>" * 330_000),
    ({"type": "is-xml", "value": {"requiredElements": ["a.a.b"] * 100}}, "<a>" * 330_000),
    ({"type": "is-html"}, "<p>x" * 250_000),
    ({"type": "is-html"}, "<title>" * 140_000),
    ({"type": "is-html"}, "<p '" * 250_000),
    ({"type": "contains-html"}, "<b <b" * 200_000),
    ({"type": "is-sql"}, "SELECT " + "(" * 500_000),
    ({"type": "is-sql"}, "SELECT " + "a," * 490_000 + "a"),
    ({"type": "levenshtein", "value": "b" * 100_000, "threshold": 100_000}, "a" * 100_000),
    ({"type": "levenshtein", "value": "b" * 100_000, "threshold": 100_000}, LONG[:190_000]),
    ({"type": "rouge-n", "value": "a b " * 25_000}, "a c " * 250_000),
    ({"type": "contains-all", "value": ["a" * 50 + "b" + "a" * 48] * 100}, LONG),
    ({"type": "icontains", "value": "a" * 10_000 + "b" + "a" * 5_000}, LONG),
    ({"type": "word-count", "value": {"max": 5}}, " a" * 500_000),
    ({"type": "language", "value": "en"}, "<" * 1_000_000),
    ({"type": "is-refusal"}, "I'm sorry " * 100_000),
]


@pytest.mark.parametrize(("spec", "text"), HOSTILE)
def test_hostile_rules_and_long_answers_end_in_time(spec: dict[str, Any], text: str) -> None:
    for kind in (spec["type"], f"not-{spec['type']}"):
        with in_time():
            verdict = judge({**spec, "type": kind}, Output(text))
        assert verdict.state != "untestable" or verdict.code in OVER | {"text_too_short"}
    assert judge(REGEX, Output("ab")).state == "passed"


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "regex", "value": "(((((a{1000}){1000}){1000}){1000}){1000})"},
        {"type": "regex", "value": "[" * 999},
        {"type": "is-json", "value": {"pattern": "((((a{999}){999}){999}){999})"}},
        {"type": "is-json", "value": {"enum": [0] * 20_000}},
    ],
)
def test_checking_ends_in_time(spec: dict[str, Any]) -> None:
    with in_time():
        check(spec)


def test_many_threads_ask_at_once() -> None:
    verdicts: list[str] = []

    def ask(number: int) -> None:
        for i in range(15):
            wanted = (number + i) % 2 == 0
            verdict = judge(REGEX, Output("ab" if wanted else "ba"))
            verdicts.append(
                "right" if verdict.state == ("passed" if wanted else "failed") else "wrong"
            )

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["right"] * 120


def test_more_ask_than_there_are_children() -> None:
    """Whoever gets no turn in time is told so, and nobody waits for long."""
    answers: list[tuple[str, float]] = []
    spec = {"type": "is-json", "value": {"items": {"pattern": "^(\\w+\\s?)*$"}}}

    def ask() -> None:
        start = time.monotonic()
        verdict = judge(spec, Output(f'["{LONG[:60]}!"]'))
        answers.append((verdict.code, time.monotonic() - start))

    threads = [threading.Thread(target=ask) for _ in range(4 * bounded.CHILDREN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {code for code, _ in answers} <= {"too_slow", "busy"}
    assert len(answers) == len(threads)
    assert max(seconds for _, seconds in answers) < HANG
    assert judge(REGEX, Output("ab")).state == "passed"


def test_one_hostile_rule_after_another_waits_for_no_child_to_start() -> None:
    parent = forker()
    for _ in range(5):
        with in_time():
            judge({"type": "regex", "value": "x*" * 400 + "y"}, Output("x" * 100_000))
            assert judge(REGEX, Output("ab")).state == "passed"
    assert forker() == parent


def forker() -> int:
    """The id of the process that forks the children."""
    parent = bounded._pool._parent
    assert parent is not None
    return parent.process.pid


def children() -> list[int]:
    """The ids of the children that run."""
    pids = Path(f"/proc/{forker()}/task/{forker()}/children").read_text().split()
    return [pid for pid in map(int, pids) if running(pid)]


def test_a_child_that_is_gone_is_replaced() -> None:
    assert judge(REGEX, Output("ab")).state == "passed"
    for pid in children():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not children())
    assert judge(REGEX, Output("ab")).state == "passed"


def test_the_process_that_forks_is_replaced() -> None:
    gone = forker()
    for pid in [gone, *children()]:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not running(gone))
    # It starts anew within the time of the first job, or of one soon after.
    wait_until(lambda: judge(REGEX, Output("ab")).state == "passed")
    assert forker() != gone


def test_children_are_no_use_to_signals_meant_for_their_asker() -> None:
    assert judge(REGEX, Output("ab")).state == "passed"
    pids = [forker(), *children()]
    for pid in pids:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
    assert judge(REGEX, Output("ab")).state == "passed"
    assert [forker(), *children()] == pids


def test_closing_ends_the_processes_and_a_later_job_starts_them_anew() -> None:
    assert judge(REGEX, Output("ab")).state == "passed"
    pids = [forker(), *children()]
    assert len(pids) > 1
    bounded.close()
    bounded.close()
    wait_until(lambda: not any(map(running, pids)))
    assert judge(REGEX, Output("ab")).state == "passed"
    assert bounded.warm()


def test_children_see_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for children")
    bounded.close()
    assert judge(REGEX, Output("ab")).state == "passed"
    for pid in [forker(), *children()]:
        assert b"not for children" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_timers_end_a_child_whatever_its_asker_does_with_signals() -> None:
    """Some servers block signals in all threads but one; that is inherited by processes."""
    program = (
        "import signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF, signal.SIGALRM})\n"
        "signal.signal(signal.SIGPROF, signal.SIG_IGN)\n"
        "from prompts_app.assertions import bounded\n"
        "print(bounded.run('json_schema', *sys.argv[1:]).code)\n"
        "pid = bounded._pool._parent.process.pid\n"
        "while open(f'/proc/{pid}/task/{pid}/children').read():\n"
        "    pass\n"
    )
    hostile = [json.dumps({"pattern": "^(\\w+\\s?)*$"}), f'"{LONG[:60]}!"']
    done = subprocess.run(
        [sys.executable, "-c", program, *hostile],
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert (done.stdout.strip() in ("too_slow", "busy"), done.stderr) == (True, "")


def test_a_forked_process_has_children_of_its_own() -> None:
    program = (
        "import os\n"
        "from prompts_app.assertions import bounded\n"
        "bounded.warm()\n"
        "ours = bounded._pool._parent.process.pid\n"
        "pid = os.fork()\n"
        "finding = bounded.run('regex', 'b$', 'ab')\n"
        "same = bounded._pool._parent.process.pid == ours\n"
        "if pid:\n"
        "    _, status = os.waitpid(pid, 0)\n"
        "    assert status == 0\n"
        "    assert bounded.run('regex', 'b$', 'ab').holds\n"
        "bounded.close()\n"
        "os._exit(0 if finding.holds and same == bool(pid) else 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_children_end_with_their_asker() -> None:
    program = (
        "import os\n"
        "from prompts_app.assertions import bounded\n"
        "bounded.run('regex', 'b$', 'ab')\n"
        "pid = bounded._pool._parent.process.pid\n"
        "print(pid, open(f'/proc/{pid}/task/{pid}/children').read(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    wait_until(lambda: not any(map(running, pids)))


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what happens in another process."""
    end = time.monotonic() + HANG
    while not holds():
        assert time.monotonic() < end
        os.sched_yield()


def running(pid: int) -> bool:
    """Whether a process runs, dead ones that nobody waits for apart."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before or while it was read
        return False


def test_a_message_comes_whole_or_not_at_all() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(ours, b'[true, "' + b"x" * 100_000 + b'", {}]', time.monotonic() + 5)
        assert Finding(*receive(theirs, time.monotonic() + 5)).holds
        with pytest.raises(TimeoutError):
            receive(theirs, time.monotonic() + 0.01)
        ours.sendall(b"\x00\x00\x00\x09half")
        with pytest.raises(TimeoutError):
            receive(theirs, time.monotonic() + 0.01)
        ours.close()
        with pytest.raises(EndedError):
            receive(theirs, time.monotonic() + 5)


def test_a_reader_that_does_not_read_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        send(ours, pickle.dumps("x" * 10_000_000), time.monotonic() + 0.05)
