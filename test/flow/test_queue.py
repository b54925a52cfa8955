# SPDX-License-Identifier: Apache-2.0
"""Clients that wait in line for a full virtual server: first in, first out over all engines; who
gives up leaves no trace; who waited too long, or finds the line full, spills."""
import contextlib
import re
import signal

import pytest

from spillway import Client, GateOrigin, greets, wait_until
from test_states import Health, becomes
from test_spillover import ENGINES, connection, http_stage, tcp_stage, two_pools

PATIENT = "-soQueueTimeout 600000"


def waiting(stage, engines, limit=1, queue=f"-soQueueDepth 100 {PATIENT}", begin=tcp_stage):
    return begin(stage, engines, limit, f"set lb vserver web {queue}")


def join(appliance, port, index, count):
    """One more client; it stands in line when this returns, the `count`th."""
    client = Client(port, source=(f"127.0.{1 + index // 250}.{1 + index % 250}", 0))
    wait_until(lambda: appliance.vserver("web")["queued"] == count, f"{count} wait")
    return client


def name_of(client):
    return client.until(b"\n").decode().strip()


@pytest.mark.parametrize("engines", ENGINES)
def test_first_in_first_out(stage, engines):
    """Whatever engine they are on: each use that comes free is the oldest one's."""
    appliance, port = waiting(stage, engines)
    holder = Client(port)
    assert name_of(holder) == "primary"
    clients = [join(appliance, port, index, index + 1) for index in range(20)]
    for index, client in enumerate(clients):
        assert all(later.is_open() and not later.rest for later in clients[index:])
        holder.close()
        assert name_of(client) == "primary"
        assert appliance.vserver("web")["queued"] == 19 - index
        holder = client
    holder.close()
    numbers = appliance.vserver("web")
    assert (numbers["queued_total"], numbers["queue_served"]) == (20, 20)
    assert (numbers["spilled"], numbers["queue_left"], numbers["queue_timed_out"]) == (0, 0, 0)


def test_every_flow_on_one_of_eight_engines(stage):
    appliance, port = waiting(stage, 8)
    holder = Client(port)
    assert name_of(holder) == "primary"
    target, kept, index = None, [], 0
    while len(kept) < 5:
        client = join(appliance, port, index, len(kept) + 1)
        index += 1
        lines = dict(re.findall(r"engine (\d+) Waiting in line: (\d+)",
                                appliance.do("stat lb vserver web -detail")))
        target = target or max(lines, key=lambda engine: int(lines[engine]))
        if int(lines.get(target, 0)) == len(kept) + 1:
            kept.append(client)
            continue
        client.close()
        wait_until(lambda: appliance.vserver("web")["queued"] == len(kept), "it has left")
    for client in kept:
        holder.close()
        assert name_of(client) == "primary"
        holder = client
    holder.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_who_gives_up_leaves_no_trace(stage, engines):
    appliance, port = waiting(stage, engines)
    holder = Client(port)
    assert name_of(holder) == "primary"
    clients = [join(appliance, port, index, index + 1) for index in range(10)]
    for index, leaves in enumerate((0, 3, 4, 9)):
        if index % 2:
            clients[leaves].reset()
        else:
            clients[leaves].close()
    wait_until(lambda: appliance.vserver("web")["queued"] == 6, "six wait")
    for index in (1, 2, 5, 6, 7, 8):
        holder.close()
        assert name_of(clients[index]) == "primary"
        holder = clients[index]
    holder.close()
    numbers = appliance.vserver("web")
    assert (numbers["queue_left"], numbers["queue_served"], numbers["spilled"]) == (4, 6, 0)
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "nobody is left")
    with Client(port) as client:
        assert name_of(client) == "primary"


@pytest.mark.parametrize("engines", ENGINES)
def test_a_raised_limit_serves_the_oldest(stage, engines):
    """1 to 4: exactly three of ten, and these are the first three."""
    appliance, port = waiting(stage, engines)
    holder = Client(port)
    assert name_of(holder) == "primary"
    clients = [join(appliance, port, index, index + 1) for index in range(10)]
    appliance.do("set lb vserver web -soThreshold 4")
    assert [name_of(client) for client in clients[:3]] == ["primary"] * 3
    assert appliance.vserver("web")["queued"] == 7
    assert all(client.is_open() for client in clients[3:])
    # A limit that falls serves nobody until the uses are below it.
    appliance.do("set lb vserver web -soThreshold 2")
    clients[0].close(), clients[1].close()
    wait_until(lambda: appliance.vserver("web")["clients"] == 2, "two have gone")
    assert appliance.vserver("web")["queued"] == 7
    clients[2].close()
    assert name_of(clients[3]) == "primary"
    for client in clients + [holder]:
        client.close()


@pytest.mark.parametrize("engines", [1, 4])
def test_time_out_and_overflow_spill(stage, engines):
    appliance, port = waiting(stage, engines, queue="-soQueueDepth 2 -soQueueTimeout 300")
    holder = Client(port)
    assert name_of(holder) == "primary"
    clients = [Client(port) for _ in range(6)]
    assert [name_of(client) for client in clients] == ["backup"] * 6
    numbers = appliance.vserver("web")
    assert numbers["queued_total"] == numbers["queue_timed_out"] >= 2
    assert numbers["queue_timed_out"] + numbers["queue_crowded"] == 6
    assert (numbers["spilled"], numbers["queued"]) == (6, 0)
    for client in clients + [holder]:
        client.close()


@pytest.mark.parametrize("engines", [1, 4])
def test_http_waits_with_its_request(stage, engines):
    """What it sent while it waited is answered; one that closed its half is gone."""
    config, port, one, two = two_pools(stage, "HTTP", connection(1),
                                       f"set lb vserver web -soQueueDepth 10 {PATIENT}")
    primary = stage.keep(GateOrigin(one, "primary"))
    stage.origin("backup", port=two)
    appliance = stage.run(config, engines)
    holder = Client(port).send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    wait_until(lambda: primary.active == 1, "the only use is taken")
    clients = [join(appliance, port, index, index + 1) for index in range(3)]
    for client in clients:
        client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    clients[0].shut()
    wait_until(lambda: appliance.vserver("web")["queued"] == 2, "one is gone")
    primary.gate.set()
    assert holder.response().body == b"primary"
    holder.close()
    assert [client.response().body for client in clients[1:]] == [b"primary"] * 2
    wait_until(lambda: appliance.vserver("web")["queue_served"] == 2, "two were served")
    assert primary.requests == 3
    for client in clients:
        client.close()


def test_backups_have_lines_of_their_own(stage):
    """The primary has none: who spills waits for the backup, and is served there."""
    appliance, port = tcp_stage(stage, 2, 1, f"""
set lb vserver spare {connection(1)} -soQueueDepth 5 {PATIENT}""")
    first = Client(port)
    assert name_of(first) == "primary"
    second = Client(port)
    assert name_of(second) == "backup"
    third = Client(port)
    wait_until(lambda: appliance.vserver("spare")["queued"] == 1, "it waits for the backup")
    second.close()
    assert name_of(third) == "backup"
    assert appliance.vserver("web")["spilled"] == 2
    first.close(), third.close()


def test_a_disabled_one_serves_nobody_in_line(stage):
    appliance, port = waiting(stage, 2)
    holder = Client(port)
    assert name_of(holder) == "primary"
    client = join(appliance, port, 1, 1)
    appliance.do("disable lb vserver web")
    holder.close()
    assert name_of(client) == "backup"
    client.close()
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "its use came back")
    appliance.do("enable lb vserver web")
    with Client(port) as client:
        assert name_of(client) == "primary"


FLUSH = "-downStateFlush DISABLED"


class Ends:
    """Each way in which a virtual server stops to take clients, and back. Who is there stays: no use
    comes free by it."""

    def __init__(self, stage):
        self.health = Health(stage)
        self.config = "\n" + self.health.monitor() + f"""
set service a -healthMonitor YES {FLUSH}
bind service a -monitorName m
set lb vserver web {FLUSH}
"""

    def begin(self, appliance, what):
        if what:
            appliance.do(f"disable {what}")
        else:
            self.health.status = "500 No"

    def end(self, appliance, what):
        self.health.status = "200 OK"
        if what:
            appliance.do(f"enable {what}")
        becomes(appliance, "a", "UP")


ENDS = ["", "service a", "lb vserver web"]


@pytest.mark.parametrize("engines", [1, 4])
def test_one_that_goes_down_has_no_line(stage, engines):
    """Who waits is decided at once, though no use comes free and nobody's time is over."""
    ends = Ends(stage)
    appliance, port = tcp_stage(stage, engines, 1, f"""
set lb vserver web -soQueueDepth 100 {PATIENT}{ends.config}""")
    becomes(appliance, "a", "UP")
    holder = Client(port)
    assert name_of(holder) == "primary"
    for turn, what in enumerate(ENDS, start=1):
        clients = [join(appliance, port, index, index + 1) for index in range(6)]
        ends.begin(appliance, what)
        assert [name_of(client) for client in clients] == ["backup"] * 6
        numbers = appliance.vserver("web")
        assert (numbers["queued"], numbers["queue_dissolved"]) == (0, 6 * turn)
        assert (numbers["queue_timed_out"], numbers["queue_left"]) == (0, 0)
        assert (numbers["spilled_down"], numbers["spilled"]) == (6 * turn, 0)
        for client in clients:
            client.close()
        ends.end(appliance, what)
    client = join(appliance, port, 0, 1)
    assert holder.is_open()
    holder.close()
    assert name_of(client) == "primary"
    client.close()


def test_settings_are_live(stage):
    appliance, port = tcp_stage(stage, 2, 1)
    holder = Client(port)
    assert name_of(holder) == "primary"
    with Client(port) as client:
        assert name_of(client) == "backup"
    appliance.do(f"set lb vserver web -soQueueDepth 5 {PATIENT}")
    client = join(appliance, port, 1, 1)
    # Who waits already goes on waiting; who comes now spills.
    appliance.do("unset lb vserver web -soQueueDepth")
    with Client(port) as other:
        assert name_of(other) == "backup"
    holder.close()
    assert name_of(client) == "primary"
    client.close()


def test_the_plain_scheme_is_refused(stage):
    appliance, _ = http_stage(stage, 1)
    appliance.do("set lb vserver web -soQuotaMode PATENT")
    assert "-soQuotaMode EXACT" in appliance.refuse("set lb vserver web -soQueueDepth 5")
    appliance.do("set lb vserver web -soQuotaMode EXACT", "set lb vserver web -soQueueDepth 5")
    assert "-soQueueDepth" in appliance.refuse("set lb vserver web -soQuotaMode PATENT")
    assert "16384" in appliance.refuse("set lb vserver web -soQueueDepth 16385")
    assert "600000" in appliance.refuse("set lb vserver web -soQueueTimeout 0")


def test_the_appliance_ends_while_clients_wait(stage):
    config, port, one, _ = two_pools(stage, "TCP", connection(1),
                                     f"set lb vserver web -soQueueDepth 100 {PATIENT}")
    stage.script(greets("primary"), one)
    appliance = stage.run(config, 4, options=("--drain-time", 1))
    holder = Client(port)
    assert name_of(holder) == "primary"
    clients = [join(appliance, port, index, index + 1) for index in range(8)]
    appliance.kill(signal.SIGTERM)
    assert appliance.wait() == 0
    appliance.assert_sound()
    for client in clients + [holder]:
        with contextlib.suppress(ConnectionResetError):
            client.all()
        client.close()
