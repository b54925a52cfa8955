# SPDX-License-Identifier: Apache-2.0
"""Limits of other things than the clients of a virtual server: HTTP requests in flight, and what
the whole appliance has. Exactly those spill, on any number of engines, while limits change."""
import collections
import contextlib
import os
import signal
import threading
import time

import pytest

from spillway import Client, GateOrigin, crowd, field, greets, wait_until
from test_spillover import two_pools

ENGINES = [1, 4]
GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"


def gates(stage, limit, engines, more=""):
    """An appliance before two origins that answer when their gates open."""
    config, port, one, two = two_pools(stage, "HTTP", limit, more)
    primary, backup = (stage.keep(GateOrigin(port, name))
                       for port, name in ((one, "primary"), (two, "backup")))
    return stage.run(config, engines), port, primary, backup


def served(clients):
    """How many of them were served by whom; those who were dropped by nobody."""
    names = collections.Counter()
    for client in clients:
        try:
            names[client.until(b"\n").decode().strip()] += 1
        except ConnectionResetError:
            names["nobody"] += 1
    return names


def in_work(*origins):
    return tuple(origin.active for origin in origins)


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_in_flight(stage, engines):
    """Every client is the primary's; of their requests 20 are, and the rest is the backup's."""
    appliance, port, primary, backup = gates(stage, "-soMethod REQUEST -soThreshold 20", engines)
    with crowd(50, port) as clients:
        wait_until(lambda: appliance.vserver("web")["clients"] == 50, "50 clients are there")
        for client in clients:
            client.send(GET)
        wait_until(lambda: sum(in_work(primary, backup)) == 50, "50 requests are in work")
        assert in_work(primary, backup) == (20, 30)
        web, spare = appliance.vserver("web"), appliance.vserver("spare")
        assert (web["requests_active"], spare["requests_active"]) == (20, 30)
        assert (web["spilled"], spare["spilled_in"], spare["clients"]) == (30, 30, 30)
        assert web["used_of_requests_in_flight"] == 20
        primary.gate.set(), backup.gate.set()
        for client in clients:
            assert client.response().status == 200
        # The connections stay, and there is room again.
        for client in clients:
            assert client.get().body == b"primary"
        assert appliance.vserver("web")["premature_spills_of_requests_in_flight"] == 0


@pytest.mark.parametrize("engines", ENGINES)
def test_peaks_without_a_limit(stage, engines):
    appliance, port, primary, _ = gates(stage, "", engines)
    with crowd(7, port) as clients:
        for client in clients:
            client.send(GET)
        wait_until(lambda: primary.active == 7, "7 requests are in work")
        wait_until(lambda: appliance.vserver("web")["requests_peak"] == 7, "the peak was looked at")
        primary.gate.set()
        for client in clients:
            assert client.response().status == 200
    web = appliance.vserver("web")
    assert (web["clients_peak"], web["requests_peak"]) == (7, 7)


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_without_a_backup(stage, engines):
    """503 with Retry-After, 302, or let in; the client's connection stays."""
    appliance, port, primary, _ = gates(stage, "-soMethod REQUEST -soThreshold 1", engines,
                                        "unset lb vserver web -backupVServer")
    with Client(port) as first, Client(port) as other:
        first.send(GET)
        wait_until(lambda: primary.active == 1, "the only use is taken")
        refused = other.get()
        assert refused.status == 503 and field(refused, "Retry-After") == "5"
        appliance.do("set lb vserver web -redirectURL http://elsewhere.example/ "
                     "-soBackupAction REDIRECT")
        sent = other.get()
        assert sent.status == 302 and field(sent, "Location") == "http://elsewhere.example/"
        appliance.do("set lb vserver web -soBackupAction ACCEPT")
        other.send(GET)
        wait_until(lambda: primary.active == 2, "let in past the limit")
        numbers = appliance.vserver("web")
        assert (numbers["dropped"], numbers["redirected"], numbers["accepted_over"]) == (1, 1, 1)
        primary.gate.set()
        assert (first.response().status, other.response().status) == (200, 200)
        appliance.do("set lb vserver web -soBackupAction DROP")
        assert other.get().status == 200


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_limited_while_they_run(stage, engines):
    """A pool that comes while requests are in flight knows them all."""
    appliance, port, primary, backup = gates(stage, "-soMethod NONE", engines)
    with crowd(30, port) as clients:
        for client in clients[:20]:
            client.send(GET)
        wait_until(lambda: primary.active == 20, "20 are in work")
        appliance.do("set lb vserver web -soMethod REQUEST -soThreshold 22")
        assert appliance.vserver("web")["used_of_requests_in_flight"] == 20
        for client in clients[20:]:
            client.send(GET)
        wait_until(lambda: sum(in_work(primary, backup)) == 30, "30 are in work")
        assert in_work(primary, backup) == (22, 8)
        appliance.do("set lb vserver web -soThreshold 5")
        with Client(port) as late:
            late.send(GET)
            wait_until(lambda: backup.active == 9, "above the new limit: it spills")
            appliance.do("set lb vserver web -soMethod NONE")
            primary.gate.set(), backup.gate.set()
            assert late.response().body == b"backup"
        for client in clients:
            assert client.response().status == 200


@pytest.mark.parametrize("engines", ENGINES)
def test_clients_of_the_appliance(stage, engines):
    """All virtual servers together; above that no backup helps."""
    one, two, a, b = (stage.port() for _ in range(4))
    stage.script(greets("a"), a), stage.script(greets("b"), b)
    appliance = stage.run(f"""
set spillover param -maxClient 30
add service a 127.0.0.1 TCP {a} -healthMonitor NO
add service b 127.0.0.1 TCP {b} -healthMonitor NO
add lb vserver spare TCP 0.0.0.0 0
add lb vserver one TCP 127.0.0.1 {one} -backupVServer spare
add lb vserver two TCP 127.0.0.1 {two} -soMethod CONNECTION -soThreshold 5 -backupVServer spare
bind lb vserver one a
bind lb vserver two b
bind lb vserver spare b
""", engines)
    with contextlib.ExitStack() as held:
        def come(count, port):
            return served(held.enter_context(crowd(count, port)))

        assert come(20, one) == {"a": 20}
        assert come(15, two) == {"b": 10, "nobody": 5}
        assert "client connections: 30" in appliance.do("show spillover param")
        assert appliance.vserver("two")["dropped"] == 5
        assert appliance.vserver("two")["spilled"] == 5
        appliance.do("set spillover param -maxClient 32")
        assert come(5, one) == {"a": 2, "nobody": 3}
        appliance.do("unset spillover param -maxClient")
        assert come(5, one) == {"a": 5}
        appliance.do("set spillover param -maxClient 38")
        assert come(5, two) == {"b": 1, "nobody": 4}


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_of_the_appliance(stage, engines):
    appliance, port, primary, backup = gates(stage, "-soMethod REQUEST -soThreshold 4", engines,
                                             "set spillover param -maxRequest 10")
    with crowd(15, port) as clients:
        for client in clients:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (4, 6), "10 are in work")
        wait_until(lambda: appliance.vserver("web")["dropped"] == 5, "the rest is refused")
        primary.gate.set(), backup.gate.set()
        statuses = sorted(client.response().status for client in clients)
        assert statuses == [200] * 10 + [503] * 5


def test_connections_to_every_service(stage):
    """set ns param -maxConn: -maxClient of services that have none."""
    config, port, one, _ = two_pools(stage, "TCP", "-soMethod DYNAMICCONNECTION",
                                     "set ns param -maxConn 7")
    stage.script(greets("primary"), one)
    appliance = stage.run(config)
    assert appliance.pools("web")["threshold"] == 7
    appliance.do("set service a -maxClient 9")
    assert appliance.pools("web")["threshold"] == 9
    appliance.do("unset service a -maxClient", "unset ns param -maxConn")
    assert "threshold: none" in appliance.do("show lb vserver web")


def test_what_cannot_be_counted(stage):
    config, *_ = two_pools(stage, "TCP", "-soMethod NONE")
    appliance = stage.run(config)
    said = appliance.refuse("set lb vserver web -soMethod REQUEST -soThreshold 5")
    assert "HTTP requests" in said
    said = appliance.refuse("set lb vserver web -soMethod SSLSESSION -soThreshold 5")
    assert "counts TLS sessions" in said
    assert "-soMethod" not in appliance.running_config()


@pytest.mark.parametrize("engines", ENGINES)
def test_limits_outlive_the_data_process(stage, engines):
    """Requests in flight of the dead are counted no more; both limits hold right after."""
    appliance, port, primary, backup = gates(stage, "-soMethod REQUEST -soThreshold 6", engines,
                                             "set spillover param -maxRequest 10")
    with crowd(10, port) as clients:
        for client in clients:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (6, 4), "10 are in work")
        old = appliance.data_process()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
        wait_until(appliance.is_ready, "commands are answered again")
        numbers = appliance.vserver("web")
        assert (numbers["used_of_requests_in_flight"], numbers["limit_of_requests_in_flight"]) == (0, 6)
        assert numbers["admitted_of_requests_in_flight"] == 6
    primary.gate.set(), backup.gate.set()
    wait_until(lambda: sum(in_work(primary, backup)) == 0, "the origins have seen their ends")
    primary.gate.clear(), backup.gate.clear()
    with crowd(12, port) as clients:
        for client in clients:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (6, 4), "10 are in work")
        wait_until(lambda: appliance.vserver("web")["dropped"] == 2, "the rest is refused")
        primary.gate.set(), backup.gate.set()
        assert sorted(client.response().status for client in clients) == [200] * 10 + [503] * 2


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_that_only_would_spill(stage, engines):
    appliance, port, primary, backup = gates(
        stage, "-soMethod REQUEST -soThreshold 5 -soShadow ENABLED", engines)
    with crowd(12, port) as clients:
        for client in clients:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (12, 0), "all are the primary's")
        assert appliance.vserver("web")["shadowed"] == 7
        appliance.do("set lb vserver web -soShadow DISABLED")
        with Client(port) as late:
            late.send(GET)
            wait_until(lambda: backup.active == 1, "it spills in earnest")
            primary.gate.set(), backup.gate.set()
            assert late.response().status == 200
        for client in clients:
            assert client.response().status == 200
    wait_until(appliance.is_quiet, "all have left")
    primary.gate.clear(), backup.gate.clear()
    with crowd(8, port) as clients:
        for client in clients:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (5, 3), "the limit holds")
        primary.gate.set(), backup.gate.set()


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_return(stage, engines):
    """Once full, requests spill until no more than half of the limit is in flight."""
    appliance, port, primary, backup = gates(
        stage, "-soMethod REQUEST -soThreshold 4 -soReturn 50", engines)
    with crowd(5, port) as clients, Client(port) as more:
        for client in clients:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (4, 1), "it is full")
        at = appliance.vserver("web")["asked_before_the_return"]
        leaving = 0
        while appliance.vserver("web")["used_of_requests_in_flight"] == 4:
            clients[leaving].reset()
            leaving += 1
            wait_until(lambda: appliance.vserver("web")["clients"] == 6 - leaving, "it has left")
        more.send(GET)
        wait_until(lambda: appliance.vserver("web")["asked_before_the_return"] == at + 1,
                   "one is free, and it spills")
        primary.gate.set(), backup.gate.set()
        assert more.response().body == b"backup"
        for client in clients[leaving:]:
            assert client.response().status == 200
        wait_until(lambda: appliance.vserver("web")["used_of_requests_in_flight"] == 0, "it is empty")
        assert more.get().body == b"primary"


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_on_the_ramp(stage, engines):
    appliance, port, primary, backup = gates(
        stage, "-soMethod REQUEST -soThreshold 100 -soRamp 40", engines)
    with crowd(140, port) as clients:
        for client in clients[:40]:
            client.send(GET)
        wait_until(lambda: in_work(primary, backup) == (40, 0), "none spills up to the ramp")
        for begin in range(40, 140, 10):
            for client in clients[begin:begin + 10]:
                client.send(GET)
            wait_until(lambda: sum(in_work(primary, backup)) == begin + 10, "ten more are in work")
        assert 50 < primary.active <= 100
        assert appliance.vserver("web")["asked_on_the_ramp"] > 5
        primary.gate.set(), backup.gate.set()
        for client in clients:
            assert client.response().status == 200


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_in_a_storm(stage, engines):
    """Many short requests while the limit moves between 3 and 6: the origin of the primary never
    sees more than 6, none is lost, and every one is served by one of the two."""
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod REQUEST -soThreshold 6")
    primary, backup = stage.origin("primary", port=one), stage.origin("backup", port=two)
    appliance = stage.run(config, engines)
    rounds, names, lost = 60, collections.Counter(), []

    def visit(client):
        for _ in range(rounds):
            answer = client.get("/?hold=2")
            if answer.status != 200:
                lost.append(answer)
            names[answer.body.decode().strip()] += 1

    with crowd(16, port) as clients:
        threads = [threading.Thread(target=visit, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for limit in (3, 5, 4, 6):
                appliance.do(f"set lb vserver web -soThreshold {limit}")
        for thread in threads:
            thread.join()
    assert not lost and names["primary"] > 0 and names["backup"] > 0
    assert primary.stats()["requests_active_peak"] <= 6
    web, spare = appliance.vserver("web"), appliance.vserver("spare")
    assert web["requests_total"] + spare["requests_total"] == 16 * rounds
    assert web["spilled"] == spare["requests_total"] == spare["spilled_in"]
    assert web["premature_spills_of_requests_in_flight"] == 0


@pytest.mark.parametrize("engines", ENGINES)
def test_request_rate_of_the_appliance(stage, engines):
    """Of 60 requests at once, over two virtual servers, no more than the rate allows are served; the
    backup does not help. Without the limit all are."""
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod NONE",
                                       "set spillover param -maxRequestRate 10")
    primary, backup = stage.origin("primary", port=one), stage.origin("backup", port=two)
    appliance = stage.run(config, engines)
    begin = time.monotonic()
    with crowd(60, port) as clients:
        statuses = collections.Counter(client.get().status for client in clients)
    lasted = time.monotonic() - begin
    assert statuses[200] + statuses[503] == 60
    # A burst of one second's worth, and what came since.
    assert 10 <= statuses[200] <= 10 + 10 * lasted + 1
    assert appliance.vserver("web")["asked_at_the_appliance_request_rate"] == statuses[503]
    assert primary.stats()["requests"] == statuses[200] and backup.stats()["requests"] == 0
    appliance.do("unset spillover param -maxRequestRate")
    with crowd(60, port) as clients:
        assert {client.get().status for client in clients} == {200}
