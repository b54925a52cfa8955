# SPDX-License-Identifier: Apache-2.0
"""Two appliances on a network of their own, each the backup of the other: a client, two origins, a
switch between them; one appliance is cut off and comes back."""
import contextlib
import ctypes
import itertools
import os
import subprocess

import pytest

from spillway import Client, GateOrigin, field, wait_until

HOSTS = {"client": "10.77.0.1", "a": "10.77.0.2", "b": "10.77.0.3", "origins": "10.77.0.4"}
PORT = 80
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
NUMBERS = itertools.count()


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


class Network:
    """A namespace for each host, and one with a bridge that joins them."""

    def __init__(self):
        self.tag = f"sw{os.getpid()}x{next(NUMBERS)}"
        self.made = []
        try:
            self.build()
        except BaseException:
            self.close()
            raise

    def build(self):
        switch = self.add("switch")
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for host, address in HOSTS.items():
            name = self.add(host)
            ip("-n", name, "link", "add", "eth", "type", "veth", "peer", "name", f"to-{host}", "netns",
               switch)
            ip("-n", switch, "link", "set", "dev", f"to-{host}", "master", "bridge", "up")
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth")
            ip("-n", name, "link", "set", "eth", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def add(self, host):
        name = f"{self.tag}-{host}"
        ip("netns", "add", name)
        self.made.append(name)
        return name

    def runs_in(self, host):
        return ["ip", "netns", "exec", f"{self.tag}-{host}"]

    def set_cable(self, host, state):
        ip("-n", f"{self.tag}-switch", "link", "set", "dev", f"to-{host}", state)

    @contextlib.contextmanager
    def at(self, host):
        """Sockets that this thread makes meanwhile are that host's."""
        with open("/proc/thread-self/ns/net") as home, \
                open(f"/run/netns/{self.tag}-{host}") as there:
            assert LIBC.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                assert LIBC.setns(home.fileno(), CLONE_NEWNET) == 0

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], check=False, timeout=20)


@pytest.fixture
def network():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    network = Network()
    yield network
    network.close()


class Scene:
    """Both appliances, each with one client at most, and its origin; `held` clients keep it full."""

    def __init__(self, stage, network, engines):
        self.stage, self.network = stage, network
        with network.at("origins"):
            self.origins = {name: stage.keep(GateOrigin(port, name, host=HOSTS["origins"]))
                            for name, port in (("a", 8001), ("b", 8002))}
        self.appliances = {
            name: stage.run(self.config(name, other, port), engines, prefix=network.runs_in(name))
            for name, other, port in (("a", "b", 8001), ("b", "a", 8002))}
        for appliance in self.appliances.values():
            for service in ("mine", "other"):
                wait_until(lambda: appliance.is_up(service), f"{service} is up")

    def config(self, name, other, port):
        return f"""
add lb monitor fast TCP -interval 250 MSEC -resptimeout 240 MSEC -retries 3 -downTime 100 MSEC
add service mine {HOSTS["origins"]} HTTP {port} -cip ENABLED Client-IP
add service other {HOSTS[other]} HTTP {PORT} -proxyProtocol ENABLED
bind service mine -monitorName fast
bind service other -monitorName fast
add lb vserver away HTTP 0.0.0.0 0
add lb vserver web HTTP {HOSTS[name]} {PORT} -soMethod CONNECTION -soThreshold 1 -backupVServer away -proxyProtocol ENABLED -proxyProtocolTrusted {HOSTS[other]}
bind lb vserver web mine
bind lb vserver away other
"""

    def client(self):
        with self.network.at("client"):
            return self.stage.keep(Client(PORT, host=HOSTS["a"]))

    def hold(self, name):
        """A client of A whose request stays at that origin."""
        before = self.origins[name].active
        client = self.client()
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: self.origins[name].active == before + 1, f"{name} serves it")
        return client

    def status(self):
        client = self.client()
        try:
            return client.get().status
        finally:
            client.close()


@pytest.mark.parametrize("engines", [1, 4])
def test_backup_over_the_network_is_cut_off_and_comes_back(stage, network, engines):
    scene = Scene(stage, network, engines)
    a, b = scene.appliances["a"], scene.appliances["b"]
    held = [scene.hold("a"), scene.hold("b")]
    assert a.vserver("away")["spilled_in"] == 1
    assert b.vserver("web")["clients_total"] == 1
    # Who the client is has survived both.
    assert [field(request, "Client-IP") for request in scene.origins["b"].asked] == [HOSTS["client"]]
    # Both are full: B would send it back, and A does not send it on again.
    assert scene.status() == 503
    assert a.vserver("away")["asked_in_a_loop"] == 1
    # B is cut off: nobody waits for it.
    network.set_cable("b", "down")
    wait_until(lambda: not a.is_up("other"), "A has noticed")
    assert scene.status() == 503
    assert a.vserver("away")["asked_while_down"] >= 1
    # It comes back, and is the backup again.
    network.set_cable("b", "up")
    wait_until(lambda: a.is_up("other"), "A has noticed")
    wait_until(lambda: b.is_up("mine"), "B sees its origin again")
    held[1].reset()
    wait_until(lambda: b.vserver("web")["clients"] == 0, "B has room")
    held[1] = scene.hold("b")
    # A has room again: it serves the next itself.
    held[0].reset()
    wait_until(lambda: a.vserver("web")["clients"] == 0, "A has room")
    held[0] = scene.hold("a")
    for origin in scene.origins.values():
        origin.gate.set()
    assert [client.response().body for client in held] == [b"a", b"b"]
    for client in held:
        client.close()
