# SPDX-License-Identifier: Apache-2.0
"""ARP and ND6 monitors against a neighbour: two network namespaces with a cable between them."""
import os
import re
import subprocess

import pytest

import spillway
from spillway import wait_until


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True,
                          timeout=20).stdout


@pytest.fixture
def cable():
    """Names of two namespaces; the far one has 198.51.100.2 and 2001:db8::2."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    near, far = (f"spillway-link-{os.getpid()}-{end}" for end in ("near", "far"))
    made = []
    try:
        for name in (near, far):
            ip("netns", "add", name)
            made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", near, "link", "add", "eth", "type", "veth", "peer", "name", "eth", "netns", far)
        for name, last in ((near, 1), (far, 2)):
            ip("-n", name, "addr", "add", f"198.51.100.{last}/24", "dev", "eth")
            ip("-n", name, "addr", "add", f"2001:db8::{last}/64", "dev", "eth", "nodad")
            ip("-n", name, "link", "set", "eth", "up")
        yield near, far
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=False, timeout=20)


def test_neighbours(stage, cable):
    near, far = cable
    mac = re.search(r"link/ether (\S+)", ip("-n", far, "link", "show", "eth")).group(1)
    folder = stage.folder / "link"
    folder.mkdir()
    appliance = spillway.Appliance(folder, "", prefix=("ip", "netns", "exec", near))
    stage.appliances.append(appliance)
    times = "-interval 1 -retries 1 -downTime 100 MSEC"
    appliance.do(f"add lb monitor a ARP {times}", f"add lb monitor n ND6 {times}")
    for name, address, monitor in (("four", "198.51.100.2", "a"), ("six", "2001:db8::2", "n"),
                                   ("gone", "198.51.100.3", "a"), ("off", "192.0.2.1", "a")):
        appliance.do(f"add service {name} {address} TCP 80 -healthMonitor NO",
                     f"bind service {name} -monitorName {monitor}",
                     f"set service {name} -healthMonitor YES")
    for name in ("four", "six"):
        wait_until(lambda: f"answered by {mac}" in appliance.do(f"show service {name}"), name)
        assert appliance.is_up(name)
    wait_until(lambda: "no answer within 900 ms" in appliance.do("show service gone"), "gone")
    assert "the address is not on a link of ours" in appliance.do("show service off")
    ip("-n", far, "link", "set", "eth", "down")
    for name in ("four", "six"):
        wait_until(lambda: not appliance.is_up(name), f"{name} is down")
