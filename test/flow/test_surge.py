# SPDX-License-Identifier: Apache-2.0
"""Surge protection (-sp ON): sessions that wait for a use of a service's -maxClient are served
first in, first out over all engines, and the origin never sees more connections than that."""
import contextlib
import select
import socket

import pytest

from spillway import Client, GateOrigin, greets, wait_until

ENGINES = [1, 4]


class Doorman:
    """A listener that knows how many connections were open, at most, as the origin's kernel saw it:
    of those accepted before, who has not ended when the next is there was open when it came."""

    def __init__(self, listener):
        self.listener, self.inside, self.most = listener, [], 0

    def accept(self):
        sock, address = self.listener.accept()
        self.inside = [other for other in self.inside if not self.has_ended(other)] + [sock.dup()]
        self.most = max(self.most, len(self.inside))
        return sock, address

    @staticmethod
    def has_ended(sock):
        with contextlib.suppress(BlockingIOError):
            with contextlib.suppress(ConnectionError):
                if sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return False
            sock.close()
            return True
        return False

    def shutdown(self, how):
        self.listener.shutdown(how)

    def close(self):
        self.listener.close()
        for sock in self.inside:
            sock.close()


class CountedOrigin(GateOrigin):
    def accept(self):
        self.listener = Doorman(self.listener)
        super().accept()


def lined(stage, engines, protocol, origin, limit=1, more="-sp ON"):
    port = stage.port()
    config = f"""
add service a 127.0.0.1 {protocol} {origin} -healthMonitor NO -maxClient {limit} {more}
add lb vserver web {protocol} 127.0.0.1 {port}
bind lb vserver web a
"""
    return stage.run(config, engines), port


def tcp_stage(stage, engines, limit=1, more="-sp ON"):
    origin = stage.port()
    stage.script(greets("origin"), origin)
    return lined(stage, engines, "TCP", origin, limit, more)


def http_stage(stage, engines, limit=1, more="-sp ON"):
    origin = stage.keep(CountedOrigin(stage.port(), "origin"))
    return *lined(stage, engines, "HTTP", origin.port, limit, more), origin


def is_served(client):
    return client.until(b"\n") == b"origin\n"


def has_bytes(client):
    """Something came, as far as is known now."""
    return bool(select.select([client.sock], [], [], 0)[0])


def join(appliance, port, index, count):
    """One more client, from an address of its own; the `count`th of the line when this returns."""
    client = Client(port, source=(f"127.0.1.{1 + index}", 0))
    wait_until(lambda: appliance.service("a")["waiting"] == count, f"{count} wait")
    return client


def holder_and_line(stage, engines, count, more="-sp ON"):
    appliance, port = tcp_stage(stage, engines, more=more)
    holder = Client(port)
    assert is_served(holder)
    return appliance, port, holder, [join(appliance, port, i, i + 1) for i in range(count)]


def serve_in_order(appliance, holder, clients):
    for index, client in enumerate(clients):
        assert all(later.is_open() and not later.rest for later in clients[index:])
        holder.close()
        assert is_served(client)
        numbers = appliance.service("a")
        assert (numbers["connections"], numbers["waiting"]) == (1, len(clients) - index - 1)
        holder = client
    return holder


@pytest.mark.parametrize("engines", ENGINES)
def test_first_in_first_out(stage, engines):
    appliance, _, holder, clients = holder_and_line(stage, engines, 20)
    serve_in_order(appliance, holder, clients).close()
    wait_until(lambda: appliance.service("a")["connections"] == 0, "nobody is left")


@pytest.mark.parametrize("engines", ENGINES)
def test_who_gives_up_leaves_no_trace(stage, engines):
    appliance, port, holder, clients = holder_and_line(stage, engines, 10)
    for leaves in (0, 3, 4, 9):
        clients[leaves].reset()
    wait_until(lambda: appliance.service("a")["waiting"] == 6, "six wait")
    serve_in_order(appliance, holder, [clients[index] for index in (1, 2, 5, 6, 7, 8)]).close()
    wait_until(lambda: appliance.service("a")["connections"] == 0, "nobody is left")
    with Client(port) as client:
        assert is_served(client)


@pytest.mark.parametrize("engines", ENGINES)
def test_on_while_they_wait(stage, engines):
    """Who waits already joins, each engine's in their order; all who come later are behind."""
    appliance, port, holder, early = holder_and_line(stage, engines, 5, more="")
    appliance.do("set service a -sp ON")
    late = [join(appliance, port, 5 + index, 6 + index) for index in range(5)]
    waiting = set(early)
    while waiting:
        holder.close()
        wait_until(lambda: any(has_bytes(client) for client in waiting), "one is served")
        holder = next(client for client in waiting if has_bytes(client))
        assert is_served(holder)
        waiting.remove(holder)
    serve_in_order(appliance, holder, late).close()


@pytest.mark.parametrize("engines", ENGINES)
def test_off_while_they_wait(stage, engines):
    """Who stands in line goes on in order, before whoever comes later."""
    appliance, port, holder, early = holder_and_line(stage, engines, 5)
    appliance.do("unset service a -sp")
    assert "-sp ON" not in appliance.running_config()
    late = join(appliance, port, 5, 6)
    for client in early:
        holder.close()
        assert is_served(client) and not late.rest and late.is_open()
        holder = client
    holder.close()
    assert is_served(late)
    late.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_a_raised_limit_serves_the_oldest(stage, engines):
    appliance, _, holder, clients = holder_and_line(stage, engines, 6)
    appliance.do("set service a -maxClient 4")
    assert all(is_served(client) for client in clients[:3])
    numbers = appliance.service("a")
    assert (numbers["connections"], numbers["waiting"]) == (4, 3)
    for client in [holder, *clients]:
        client.close()
    wait_until(lambda: appliance.service("a")["connections"] == 0, "nobody is left")


@pytest.mark.parametrize("engines", ENGINES)
def test_down_sends_those_who_wait_on(stage, engines):
    """To the next service, if there is one with room."""
    appliance, _, holder, clients = holder_and_line(stage, engines, 5)
    other = stage.port()
    stage.script(greets("other"), other)
    appliance.do(f"add service b 127.0.0.1 TCP {other} -healthMonitor NO",
                 "bind lb vserver web b", "disable service a")
    assert [client.until(b"\n") for client in clients] == [b"other\n"] * 5
    assert appliance.service("a")["waiting"] == 0
    holder.close()
    for client in clients:
        client.close()
    wait_until(lambda: appliance.service("a")["connections"] == 0, "nobody is left")


@pytest.mark.parametrize("engines", ENGINES)
def test_http_never_more_than_the_limit(stage, engines):
    """100 clients with four requests each, kept connections: all answered, the limit exact."""
    appliance, port, origin = http_stage(stage, engines, limit=3)
    clients = [Client(port) for _ in range(100)]
    for client in clients:
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    wait_until(lambda: appliance.service("a")["waiting"] == 97, "97 wait")
    wait_until(lambda: origin.active == 3, "three are in work")
    origin.gate.set()
    for _ in range(3):
        assert {client.response().body for client in clients} == {b"origin"}
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    assert {client.response().body for client in clients} == {b"origin"}
    assert origin.requests == 400
    assert (origin.listener.most, origin.active_peak) == (3, 3)
    for client in clients:
        client.close()
    assert appliance.service("a")["waiting"] == 0


@pytest.mark.parametrize("engines", ENGINES)
def test_http_in_order(stage, engines):
    appliance, port, origin = http_stage(stage, engines)
    clients = []
    for index in range(12):
        client = Client(port)
        client.send(f"GET /{index} HTTP/1.1\r\nHost: test\r\n\r\n")
        clients.append(client)
        wait_until(lambda: origin.active + appliance.service("a")["waiting"] == index + 1,
                   "it waits")
    origin.gate.set()
    assert {client.response().body for client in clients} == {b"origin"}
    assert [request.target for request in origin.asked] == [f"/{index}" for index in range(12)]
    assert (origin.listener.most, origin.active_peak) == (1, 1)
    for client in clients:
        client.close()


def test_group(stage):
    """A group's members have their line too."""
    port, origin = stage.port(), stage.port()
    stage.script(greets("origin"), origin)
    appliance = stage.run(f"""
add serviceGroup g TCP -maxClient 1 -sp ON -healthMonitor NO
bind serviceGroup g 127.0.0.1 {origin}
add lb vserver web TCP 127.0.0.1 {port}
bind lb vserver web g
""", 4)
    holder = Client(port)
    assert is_served(holder)
    clients = []
    for index in range(8):
        clients.append(Client(port))
        wait_until(lambda: f"Waiting in line: {index + 1}\n" in appliance.do(
            f"stat serviceGroupMember g 127.0.0.1 {origin}"), "it waits")
    for client in clients:
        holder.close()
        assert is_served(client)
        holder = client
    holder.close()
