# SPDX-License-Identifier: Apache-2.0
"""Servers with a domain name: dnsmasq knows the addresses, and they change while traffic goes on."""
import re
import shutil
import signal
import subprocess

import pytest

from spillway import get, wait_until

pytestmark = pytest.mark.skipif(shutil.which("dnsmasq") is None, reason="there is no dnsmasq")


class NameServer:
    """dnsmasq on loopback; what it knows is a hosts file."""

    def __init__(self, stage):
        self.port = stage.port()
        self.hosts = stage.folder / "hosts"
        self.process = None
        stage.keep(self)

    def knows(self, name, address):
        self.hosts.write_text(f"{address} {name}\n")
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def start(self):
        self.process = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", f"--port={self.port}",
             "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
             f"--addn-hosts={self.hosts}", "--local=/example/", "--local-ttl=1", "--user=root",
             "--pid-file="],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def address_of(appliance, server):
    return re.search(r"^\taddress: (.*)$", appliance.do(f"show server {server}"), re.M).group(1)


def test_a_name_is_followed(stage):
    """Unresolved it is not served, and says why; resolved it is; a new address is followed; and
    the last good one is kept when the name server is gone."""
    names, port = NameServer(stage), stage.port()
    one = stage.origin("one", address=f"127.0.0.2:{(shared := stage.port())}")
    two = stage.origin("two", port=shared, address=f"127.0.0.3:{shared}")
    assert one.port == two.port
    appliance = stage.run(f"""
add dns nameServer 127.0.0.1 -port {names.port}
add server host web.example
add lb vserver v HTTP 127.0.0.1 {port}
""")
    appliance.do(f"add service s host HTTP {shared} -healthMonitor NO", "bind lb vserver v s")
    assert "state: UNKNOWN" in appliance.do("show service s")
    assert "server host: " in appliance.do("show service s")
    assert get(port).status == 503
    names.knows("web.example", "127.0.0.2")
    names.start()

    def resolves():
        appliance.do("set server host -domainResolveNow")
        return address_of(appliance, "host") == "127.0.0.2"

    wait_until(resolves, "the name server is there")
    wait_until(lambda: get(port).status == 200, "the service is up")
    assert get(port).body == b"one\n"
    assert "server host: web.example is 127.0.0.2" in appliance.log()
    # The time to live is one second: nobody need say anything.
    names.knows("web.example", "127.0.0.3")
    wait_until(lambda: get(port).body == b"two\n", "the service follows")
    assert address_of(appliance, "host") == "127.0.0.3"
    names.close()
    wait_until(lambda: "its last address is kept" in appliance.log(), "it is not answered")
    assert get(port).body == b"two\n"
    assert "last question: " in appliance.do("show server host")


def test_members_and_names_that_are_none(stage):
    """A service group's member by name; NXDOMAIN is said."""
    names, port = NameServer(stage), stage.port()
    origin = stage.origin("member")
    names.knows("in.example", "127.0.0.1")
    names.start()
    appliance = stage.run(f"""
add dns nameServer 127.0.0.1 -port {names.port}
add server in in.example
add server out out.example
add serviceGroup g HTTP -healthMonitor NO
add lb vserver v HTTP 127.0.0.1 {port}
bind lb vserver v g
""")
    appliance.do(f"bind serviceGroup g in {origin.port}", f"bind serviceGroup g out {origin.port}")

    def both_known():
        appliance.do("set server in -domainResolveNow", "set server out -domainResolveNow")
        return (address_of(appliance, "in") == "127.0.0.1"
                and "NXDOMAIN" in address_of(appliance, "out"))

    wait_until(both_known, "both are answered")
    wait_until(lambda: get(port).status == 200, "the member serves")
    assert get(port).body == b"member\n"
    assert "server out: no such name (NXDOMAIN)" in appliance.do("show serviceGroup g")
    config = appliance.running_config()
    assert f"add dns nameServer 127.0.0.1 -port {names.port}\n" in config
    assert "add server in in.example\n" in config
