# SPDX-License-Identifier: Apache-2.0
"""Somebody is told when a virtual server begins to spill and when that has ended, so that a backup
can be set up and taken down: a program, or a URL."""
import json
import os
import pathlib
import signal
import tempfile

import pytest

from spillway import Client, ScriptOrigin, field, greets, is_dropped, plain, wait_until


@pytest.fixture
def folder():
    """One that a program without privileges may write in."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield pathlib.Path(name)


def program(folder, text):
    path = folder / "tell"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def spilling(stage, target, engines=1, limit=1):
    """A virtual server with a limit and no backup; its port."""
    port = stage.port()
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {stage.script(greets("hello")).port} -healthMonitor NO
add lb vserver web TCP 127.0.0.1 {port} -soMethod CONNECTION -soThreshold {limit} -soProvision "{target}"
bind lb vserver web a
""", engines)
    return appliance, port


def told(folder):
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("engines", [1, 4])
def test_program_is_told_of_both_ends(stage, folder, engines):
    tell = program(folder, f'echo "$1" >> {folder}/words; id -u >> {folder}/words\n'
                           f'cat >> {folder}/told\n')
    appliance, port = spilling(stage, f"{tell} hello", engines)
    with Client(port) as client:
        assert client.until(b"\n") == b"hello\n"
        assert is_dropped(port) and is_dropped(port)
        wait_until(lambda: len(told(folder)) == 1, "the begin is told")
    wait_until(lambda: len(told(folder)) == 2, "the end is told")
    begin, end = told(folder)
    assert (begin["event"], begin["vserver"], begin["limit"], begin["uses"]) == \
        ("spillover-begin", "web", 1, 1)
    assert (end["event"], end["uses"]) == ("spillover-end", 0)
    nobody = "65534" if os.geteuid() == 0 else str(os.geteuid())
    assert (folder / "words").read_text().split() == ["hello", nobody] * 2
    wait_until(lambda: "was run for the end of spillover" in appliance.log(), "it is in the log")


def test_program_that_fails_is_run_again(stage, folder):
    tell = program(folder, f'cat >> {folder}/told\n[ -e {folder}/tried ] && exit 0\n'
                           f'touch {folder}/tried; exit 3\n')
    appliance, port = spilling(stage, tell)
    with Client(port) as client:
        client.until(b"\n")
        assert is_dropped(port)
        wait_until(lambda: len(told(folder)) == 2, "the begin is told again")
    wait_until(lambda: len(told(folder)) == 3, "and then the end")
    assert [news["event"][10:] for news in told(folder)] == ["begin", "begin", "end"]
    assert "exit status 3; it is run again" in appliance.log()


def test_url_is_told(stage):
    news = []

    def serve(peer):
        while request := peer.request():
            news.append((request.target, json.loads(request.body)))
            peer.send(plain(""))

    hook = stage.script(serve)
    _, port = spilling(stage, f"http://127.0.0.1:{hook.port}/spill")
    with Client(port) as client:
        client.until(b"\n")
        assert is_dropped(port)
        wait_until(lambda: len(news) == 1, "the begin is told")
    wait_until(lambda: len(news) == 2, "the end is told")
    assert [(target, body["event"]) for target, body in news] == \
        [("/spill", "spillover-begin"), ("/spill", "spillover-end")]


def test_clients_do_not_wait_for_it(stage, folder):
    """A program that hangs is nobody's business but its own; it ends with the appliance."""
    tell = program(folder, f"echo $$ > {folder}/id; exec sleep 1000\n")
    appliance, port = spilling(stage, tell)
    with Client(port) as client:
        client.until(b"\n")
        assert is_dropped(port)
        wait_until(lambda: (folder / "id").exists() and (folder / "id").read_text(), "it runs")
    with Client(port) as client:
        assert client.until(b"\n") == b"hello\n"
    child = int((folder / "id").read_text())
    appliance.stop()
    wait_until(lambda: not pathlib.Path(f"/proc/{child}").exists(), "it has gone")


def parent_of(process):
    return int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_who_starts_it_has_no_connection(stage, folder):
    """The data process does not fork: a copy of a client's socket would outlive the client. What it
    has started goes with it, however it goes."""
    tell = program(folder, f"echo $$ > {folder}/id; exec sleep 1000\n")
    appliance, port = spilling(stage, tell)
    with Client(port) as client:
        client.until(b"\n")
        assert is_dropped(port)
        wait_until(lambda: (folder / "id").exists() and (folder / "id").read_text(), "it runs")
        child = int((folder / "id").read_text())
        starter = parent_of(parent_of(child))
        assert parent_of(starter) == appliance.data_process()
        wait_until(lambda: len(os.listdir(f"/proc/{starter}/fd")) == 4, "it has no connection")
        os.kill(appliance.data_process(), signal.SIGKILL)
    wait_until(lambda: not pathlib.Path(f"/proc/{child}").exists(), "it has gone")


def test_bad_targets(stage):
    appliance = stage.run("add lb vserver web TCP 127.0.0.1 0\n")
    for target in ("tell", "ftp://127.0.0.1/", "./tell"):
        said = appliance.refuse(f'set lb vserver web -soProvision "{target}"')
        assert "-soProvision must be the absolute path of a program" in said
