# SPDX-License-Identifier: Apache-2.0
"""Every resource that has a limit, on 1, 2 and 8 engines, and with all clients on one engine of 8:
sixteen want one of ten uses. Ten get it, at no time more; nobody spills while one is free; who comes
back makes room for exactly one. Read at the origins and in the counters."""
import collections
import contextlib
import re
import select
import socket
import struct

import pytest

from spillway import Client, GateOrigin, greets, wait_until
from test_spillover import two_pools

LIMIT, CLIENTS = 10, 16
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close() resets and leaves no TIME_WAIT
GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
PLACES = {"1 engine": (1, False), "2 engines": (2, False), "8 engines": (8, False),
          "one engine of 8": (8, True)}


@pytest.fixture(params=PLACES)
def place(request):
    """The number of engines, and whether all clients are to be on the same."""
    return PLACES[request.param]


# ---------------------------------------------------------------- who lands where

def listener(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    sock.bind(("127.0.0.1", port))
    sock.listen()
    return sock


def landing(listeners, port, source):
    """Which of the listeners a client from there comes to."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        client.bind(source)
        client.connect(("127.0.0.1", port))
        ready, _, _ = select.select(listeners, [], [], 10)
        peer, _ = ready[0].accept()
        peer.close()
        return listeners.index(ready[0])


def sources_of_one(port, engines, source_port, count):
    """Sources whose connections go to the same engine. The kernel chooses the engine's socket by
    addresses and ports alone: what it does with sockets of ours it does with the appliance's."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listener(port)) for _ in range(engines)]
        found = collections.defaultdict(list)
        for index in range(250 * 250):
            source = (f"127.1.{1 + index // 250}.{1 + index % 250}", source_port)
            same = found[landing(listeners, port, source)]
            same.append(source)
            if len(same) == count:
                return same
    raise AssertionError("the kernel does not spread them")


class Crowd:
    """Clients of one port, all at one engine when the place says so."""

    def __init__(self, stage, place, port, count=CLIENTS + 2):
        self.engines, self.is_one = place
        self.port = port
        self.sources = (sources_of_one(port, self.engines, stage.port(), count) if self.is_one
                        else [(f"127.1.1.{1 + index}", 0) for index in range(count)])
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stack.close()

    def come(self, count):
        taken = [self.sources.pop() for _ in range(count)]
        return [self.stack.enter_context(Client(self.port, source=source)) for source in taken]

    def check_place(self, appliance):
        """They are where they should be."""
        if self.is_one:
            engines = {engine for engine, number in
                       re.findall(r"engine (\d+) Current client connections: (\d+)",
                                  appliance.do("stat lb vserver -detail")) if number != "0"}
            assert len(engines) == 1


def name_of(client):
    """Who greets it; nobody where it was dropped."""
    try:
        return client.until(b"\n").decode().strip()
    except ConnectionResetError:
        return "nobody"


def names_of(clients):
    return collections.Counter(name_of(client) for client in clients)


def premature(appliance, vserver="web"):
    numbers = appliance.vserver(vserver)
    return {name: value for name, value in numbers.items() if "premature" in name and value}


# ---------------------------------------------------------------- connections

def check_connections(stage, place, so_method, more=""):
    """TCP: ten stay, six spill; two leave and two more come in their place."""
    config, port, one, two = two_pools(stage, "TCP", so_method, more)
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    with Crowd(stage, place, port) as crowd:
        appliance = stage.run(config, place[0])
        clients = [(client, name_of(client)) for client in crowd.come(CLIENTS)]
        assert collections.Counter(name for _, name in clients) == {"primary": LIMIT, "backup": 6}
        crowd.check_place(appliance)
        web, spare = appliance.vserver("web"), appliance.vserver("spare")
        assert (web["clients"], web["spilled"]) == (LIMIT, 6)
        assert (spare["clients"], spare["spilled_in"]) == (6, 6)
        inside = [client for client, name in clients if name == "primary"]
        for client in inside[:2]:
            client.close()
        wait_until(lambda: appliance.vserver("web")["clients"] == LIMIT - 2, "two have left")
        assert names_of(crowd.come(2)) == {"primary": 2}
        assert premature(appliance) == {}


def test_connections(stage, place):
    check_connections(stage, place, f"-soMethod CONNECTION -soThreshold {LIMIT}")


def test_connections_of_all_services(stage, place):
    """DYNAMICCONNECTION: the limit is the sum of what the services that are up may have."""
    check_connections(stage, place, "-soMethod DYNAMICCONNECTION", f"""
set service a -maxClient {LIMIT}
add service c 127.0.0.2 TCP 1 -healthMonitor NO -maxClient 4 -state DISABLED
bind lb vserver web c
""")


# ---------------------------------------------------------------- HTTP

def http_stage(stage, place, so_method, more=""):
    config, port, one, two = two_pools(stage, "HTTP", so_method, more)
    origins = [stage.keep(GateOrigin(number, name))
               for number, name in ((one, "primary"), (two, "backup"))]
    return config, port, *origins


def ask(clients):
    for client in clients:
        client.send(GET)


def check_http(stage, place, so_method, more=""):
    """Sixteen ask at once; their requests are held at the origins and counted there."""
    config, port, primary, backup = http_stage(stage, place, so_method, more)
    with Crowd(stage, place, port) as crowd:
        appliance = stage.run(config, place[0])
        clients = crowd.come(CLIENTS)
        ask(clients)
        wait_until(lambda: primary.active + backup.active == CLIENTS, "all are in work")
        assert (primary.active, backup.active) == (LIMIT, 6)
        crowd.check_place(appliance)
        primary.gate.set(), backup.gate.set()
        names = collections.Counter(client.response().body.decode() for client in clients)
        assert names == {"primary": LIMIT, "backup": 6}
        assert (primary.active_peak, backup.active_peak) == (LIMIT, 6)
        assert appliance.vserver("web")["spilled"] == 6
        assert premature(appliance) == {}


def test_connections_with_requests(stage, place):
    check_http(stage, place, f"-soMethod CONNECTION -soThreshold {LIMIT}")


def test_requests(stage, place):
    check_http(stage, place, f"-soMethod REQUEST -soThreshold {LIMIT}")


def test_connections_to_a_service(stage, place):
    """Ten connections are opened, never more; six clients wait, and all are served."""
    port, one = stage.port(), stage.port()
    origin = stage.keep(GateOrigin(one, "origin"))
    with Crowd(stage, place, port) as crowd:
        appliance = stage.run(f"""
add service a 127.0.0.1 HTTP {one} -maxClient {LIMIT} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web a
""", place[0])
        clients = crowd.come(CLIENTS)
        ask(clients)
        wait_until(lambda: origin.active == LIMIT, "ten are in work")
        wait_until(lambda: appliance.service("a")["waiting"] == 6, "six wait")
        crowd.check_place(appliance)
        assert appliance.service("a")["connections"] == LIMIT
        origin.gate.set()
        assert {client.response().body for client in clients} == {b"origin"}
        assert (origin.active_peak, origin.open_peak) == (LIMIT, LIMIT)


# ---------------------------------------------------------------- the whole appliance

def test_connections_of_the_appliance(stage, place):
    """Ten clients of all; the backup helps nobody beyond."""
    config, port, one, two = two_pools(stage, "TCP", "-soMethod CONNECTION -soThreshold 4",
                                       f"set spillover param -maxClient {LIMIT}")
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    with Crowd(stage, place, port) as crowd:
        appliance = stage.run(config, place[0])
        clients = [(client, name_of(client)) for client in crowd.come(CLIENTS)]
        names = collections.Counter(name for _, name in clients)
        assert names == {"primary": 4, "backup": 6, "nobody": 6}
        crowd.check_place(appliance)
        assert appliance.vserver("web")["dropped"] == 6
        next(client for client, name in clients if name == "primary").close()
        wait_until(lambda: appliance.vserver("web")["clients"] == 3, "one has left")
        assert names_of(crowd.come(2)) == {"primary": 1, "nobody": 1}
        assert premature(appliance) == {}


def test_requests_of_the_appliance(stage, place):
    """Ten requests in work, six refused at once."""
    config, port, primary, backup = http_stage(
        stage, place, "-soMethod REQUEST -soThreshold 4", f"set spillover param -maxRequest {LIMIT}")
    with Crowd(stage, place, port) as crowd:
        appliance = stage.run(config, place[0])
        clients = crowd.come(CLIENTS)
        ask(clients)
        wait_until(lambda: (primary.active, backup.active) == (4, 6), "ten are in work")
        wait_until(lambda: appliance.vserver("web")["dropped"] == 6, "six are refused")
        crowd.check_place(appliance)
        primary.gate.set(), backup.gate.set()
        statuses = sorted(client.response().status for client in clients)
        assert statuses == [200] * LIMIT + [503] * 6
        assert (primary.active_peak, backup.active_peak) == (4, 6)
