# SPDX-License-Identifier: Apache-2.0
"""The quota pools watch over themselves: an audit under load finds nothing amiss; an engine that
does not end its turn is noticed."""
import ctypes
import os
import pathlib
import re
import threading

import pytest

from spillway import Client, crowd, wait_until
from test_failure import site

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
ALL_CHILDREN = 0x40000000


@pytest.mark.parametrize("engines", [1, 4])
def test_an_audit_under_load_finds_nothing(stage, engines):
    appliance, web, tcp, _ = site(stage, engines, "-soMethod CONNECTION -soThreshold 8")
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
    with crowd(8, tcp):
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
