# SPDX-License-Identifier: Apache-2.0
"""The quota pools watch over themselves: an audit under load finds nothing amiss; an engine that
does not end its turn is noticed."""
import ctypes
import os
import pathlib
import re
import signal
import threading

import pytest

from spillway import Client, crowd, is_dropped, wait_until
from test_failure import site

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
ALL_CHILDREN = 0x40000000


LINE = "-soQueueDepth 100 -soQueueTimeout 60000"


@pytest.mark.parametrize("engines, limit, line", [(1, 8, ""), (4, 8, ""), (4, 2, LINE)],
                         ids=["1", "4", "with a line"])
def test_an_audit_under_load_finds_nothing(stage, engines, limit, line):
    appliance, web, tcp, _ = site(stage, engines, f"-soMethod CONNECTION -soThreshold {limit} {line}")
    stop, served, failed = threading.Event(), [0], []

    def ask():
        while not stop.is_set():
            with Client(web) as client:
                if client.get().status != 200:
                    failed.append("refused below the limit")
                served[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    counted = 0
    with crowd(limit, tcp):
        while counted < 20:
            before, shown = served[0], appliance.do("show spillover audit")
            counted += shown.count("missing 0\n")
            assert shown.count("missing 0\n") + shown.count("an engine is busy") == 2
            wait_until(lambda: served[0] > before + 5, "clients are served")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    numbers = appliance.vserver("web")
    assert numbers["audits"] > 0 and numbers["leaks_repaired"] == 0
    assert numbers["spilled"] == 0
    assert "there is no lb vserver nobody" in appliance.refuse("show spillover audit nobody")


def ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(request, thread, None, None) != 0:
        pytest.skip("no tracing here: " + os.strerror(ctypes.get_errno()))


def engine_threads(appliance):
    tasks = pathlib.Path(f"/proc/{appliance.data_process()}/task")
    return [int(task.name) for task in tasks.iterdir()
            if re.match(r"engine", (task / "comm").read_text())]


def test_a_stalled_engine_is_noticed(stage):
    appliance, web, _, _ = site(stage, 2)
    thread = engine_threads(appliance)[0]
    ptrace(SEIZE, thread)
    ptrace(INTERRUPT, thread)
    os.waitpid(thread, ALL_CHILDREN)
    # It has mail now that it does not read.
    waiting = threading.Thread(target=appliance.do, args=["set lb vserver web -comment changed"])
    waiting.start()
    wait_until(lambda: re.search(r"engine [01] stalls: turn \d+ is \d+ ms old", appliance.log()),
               "it is told")
    ptrace(DETACH, thread)
    waiting.join()
    wait_until(lambda: re.search(r"engine [01] goes on after \d+ ms", appliance.log()), "and again")
    shown = appliance.do("stat engines")
    assert sorted(re.findall(r"stalls: (\d+)", shown)) == ["0", "1"]
    assert appliance.log().count(" stalls: ") == 1


def test_events_of_the_pools(stage):
    """What became of a limit, in order of time; also what the last data process did."""
    appliance, _, tcp, _ = site(stage, 2, "-soMethod CONNECTION -soThreshold 20")
    with crowd(20, tcp):
        wait_until(lambda: appliance.vserver("tcp1")["used"] == 20, "all are there")
        assert is_dropped(tcp)
        appliance.do("set lb vserver tcp1 -soThreshold 15", "show spillover audit tcp1")
        assert "uses above the limit: 5\n" in appliance.do("show lb vserver tcp1")
        parts = [int(used) for used in re.findall(
            r"engine \d Used: (\d+)", appliance.do("stat lb vserver tcp1 -detail"))]
        assert len(parts) == 2 and sum(parts) == 20
        shown = appliance.do("show spillover events tcp1")
        for words in (r"control: limit 20\n", r"engine [01]: (borrowed|reclaimed) \d+",
                      r"engine [01]: spilled 1 \(full\)\n", r"control: limit 15\n",
                      r"control: debt 5\n"):
            assert re.search("  tcp1  " + words, shown), words
        times = re.findall(r"^(\S+ \S+) UTC", shown, re.M)
        assert times == sorted(times) and len(times) == shown.count("  tcp1  ")
        old = appliance.data_process()
        os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
    wait_until(appliance.is_ready, "commands are answered again")
    shown = appliance.do("show spillover events tcp1")
    assert "engine 1: spilled" in shown or "engine 0: spilled" in shown
    assert "control: taken over from the last data process: missing 0\n" in shown
    assert "there is no lb vserver nobody" in appliance.refuse("show spillover events nobody")
