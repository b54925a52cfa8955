# SPDX-License-Identifier: Apache-2.0
"""script/demo, as a newcomer uses it: it starts, spills under the load that it proposes, and ends
with all that it started."""
import re
import signal
import subprocess

import pytest

from spillway import IS_SANITIZED, ROOT, is_listening, wait_until


@pytest.mark.skipif(IS_SANITIZED, reason="the demonstration has its own build")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo(stage, tmp_path, number):
    port = stage.ports.take(4)
    said = tmp_path / "said"
    with open(said, "w", encoding="utf-8") as out:
        demo = subprocess.Popen([ROOT / "script/demo", "--port", str(port)], stdout=out, stderr=out,
                                stdin=subprocess.DEVNULL, start_new_session=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        wait_until(lambda: demo.poll() is not None or "Ctrl-C ends it" in said.read_text(),
                   "it runs", 300)
        assert demo.poll() is None, said.read_text()
        text = said.read_text()
        load = re.search(r"^ +(h2load .*)$", text, re.M).group(1).replace("-D60", "-D3")
        stat = re.search(r"^ +(build/spillway cli .*stat lb vserver web.*)$", text, re.M).group(1)
        show = re.search(r"^ +(build/spillway cli .*show lb vserver web.*)$", text, re.M).group(1)
        with subprocess.Popen(load, shell=True, stdout=subprocess.PIPE, text=True) as loader:
            def spilled():
                return re.search(r"Spilled over\D+50\b", run(stat))
            wait_until(spilled, "50 of 150 clients spill")
            assert re.search(r"\b100\b", run(show))
            report = loader.communicate()[0]
        assert re.search(r"\b0 failed, 0 errored, 0 timeout", report), report
    finally:
        demo.send_signal(number)
        assert demo.wait(60) == 0, said.read_text()
    for offset in range(4):
        assert not is_listening(port + offset)
    assert not (ROOT / f"build/demo-{port}").exists()


def run(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT,
                          check=True).stdout
