# SPDX-License-Identifier: Apache-2.0
"""Limits of bytes and requests a second: never above the rate and what may come at once, over all
engines; new clients spill while the rate is at the limit; those that are there are paced."""
import collections
import threading
import time

import pytest

from spillway import Client, answers, crowd, greets, plain, wait_until
from test_spillover import two_pools

ENGINES = [1, 2, 8]
KBIT = 125


def pours(amount):
    """A TCP origin that says that much when it is asked, then waits for the end."""
    def serve(peer):
        peer.exactly(1)
        peer.send(b"x" * amount)
        peer.all()
    return serve


def swallow(client, amount, got):
    got.append(len(client.exactly(amount)))


def drain(clients, amount):
    """All of them read that much at once; how long it took."""
    got = []
    threads = [threading.Thread(target=swallow, args=(client, amount, got)) for client in clients]
    begin = time.monotonic()
    for client in clients:
        client.send("?")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [amount] * len(clients)
    return time.monotonic() - begin


def poured(stage, engines, limit, amount, more=""):
    config, port, one, two = two_pools(stage, "TCP", limit, more)
    stage.script(pours(amount), one), stage.script(greets("backup"), two)
    return stage.run(config, engines), port


@pytest.mark.parametrize("engines", ENGINES)
def test_bandwidth_of_a_virtual_server(stage, engines):
    """10 clients of 300 KB each at 16 Mbit/s (2 MB/s, 200 KB at once) take at least 1.4 s; whoever
    comes meanwhile spills; a calm second later there is room again."""
    rate, amount = 16000 * KBIT, 300000
    appliance, port = poured(stage, engines, "-soMethod BANDWIDTH -soThreshold 16000", amount)
    with crowd(10, port) as clients:
        wait_until(lambda: appliance.vserver("web")["clients"] == 10, "all have been let in")
        taken = drain(clients, amount)
        assert taken >= (10 * amount - rate / 10) / rate
        with Client(port) as late:
            assert late.until(b"\n") == b"backup\n"
        numbers = appliance.vserver("web")
        assert (numbers["spilled"], numbers["clients_total"]) == (1, 10)
        assert numbers["asked_at_the_limit_of_bandwidth"] == 1
        assert numbers["bytes_out"] == 10 * amount

    def has_room():
        with Client(port) as client:
            return client.send("?").exactly(1) == b"x"
    wait_until(has_room, "the rate is below the limit")


@pytest.mark.parametrize("engines", [1, 8])
def test_what_clients_send_counts_too(stage, engines):
    """Both directions: 1.5 MB up and down again at 2 MB/s."""
    rate, amount = 16000 * KBIT, 1500000
    config, port, one, two = two_pools(stage, "TCP", "-soMethod BANDWIDTH -soThreshold 16000")
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    stage.run(config, engines)
    with Client(port) as client:
        assert client.until(b"\n") == b"primary\n"
        begin = time.monotonic()
        thread = threading.Thread(target=client.send, args=(b"y" * amount,))
        thread.start()
        assert client.exactly(amount) == b"y" * amount
        thread.join()
        assert time.monotonic() - begin >= (2 * amount - rate / 10) / rate


@pytest.mark.parametrize("engines", [1, 4])
def test_bandwidth_is_live_and_http(stage, engines):
    """Unlimited, then 8 Mbit/s, then unlimited again, on the connections that are there."""
    rate, amount = 8000 * KBIT, 600000
    config, port, one, _ = two_pools(stage, "HTTP", "")
    stage.script(answers(plain("z" * amount)), one)
    appliance = stage.run(config, engines)
    with Client(port) as client, Client(port) as other:
        assert client.get().body == b"z" * amount
        appliance.do("set lb vserver web -soMethod BANDWIDTH -soThreshold 8000")
        begin = time.monotonic()
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert other.get().body == client.response().body == b"z" * amount
        assert time.monotonic() - begin >= (2 * amount - rate / 10) / rate
        shown = appliance.pools("web")
        assert (shown["threshold"], shown["at_once"]) == (8000, 100000)
        assert shown["passed"] > 2 * amount and shown["refusals"] > 0
        # Somebody waits while the limit goes.
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n" * 20)
        appliance.do("unset lb vserver web -soMethod")
        for _ in range(20):
            assert client.response().body == b"z" * amount


def test_bandwidth_of_a_service(stage):
    """Paced; and while it is at its limit another that has room is chosen."""
    port, one, two = stage.port(), stage.port(), stage.port()
    rate, amount = 8000 * KBIT, 500000
    stage.script(pours(amount), one), stage.script(greets("other"), two)
    appliance = stage.run(f"""
add service slow 127.0.0.1 TCP {one} -healthMonitor NO -maxBandwidth 8000
add service other 127.0.0.1 TCP {two} -healthMonitor NO -state DISABLED
add lb vserver web TCP 127.0.0.1 {port} -lbMethod ROUNDROBIN
bind lb vserver web slow
bind lb vserver web other
""", 2)
    with Client(port) as client, Client(port) as second:
        wait_until(lambda: appliance.service("slow")["active"] == 2, "both have their server")
        assert drain([client, second], amount) >= (2 * amount - rate / 10) / rate
        appliance.do("enable service other")
        with crowd(6, port) as clients:
            assert [each.until(b"\n") for each in clients] == [b"other\n"] * 6


@pytest.mark.parametrize("engines", ENGINES)
def test_requests_a_second(stage, engines):
    """25 at once and 25 a second: of 200 requests the primary has the first 25, and from then on no
    more than the rate brings; the connections stay."""
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod REQUESTRATE -soThreshold 25")
    stage.script(answers(plain("primary")), one), stage.script(answers(plain("backup")), two)
    appliance = stage.run(config, engines)
    with crowd(20, port) as clients:
        begin = time.monotonic()
        names = collections.Counter(client.get().body.decode()
                                    for _ in range(10) for client in clients)
        most = 25 + 25 * (time.monotonic() - begin) + 1
        assert sum(names.values()) == 200
        assert 25 <= names["primary"] <= most
        numbers = appliance.vserver("web")
        assert numbers["spilled"] == names["backup"]
        assert numbers["asked_at_the_limit_of_the_request_rate"] == names["backup"]
        assert numbers["clients"] == 20
        wait_until(lambda: clients[0].get().body == b"primary", "there is room again")


def test_what_is_refused(stage):
    config, _, _, _ = two_pools(stage, "TCP", "")
    appliance = stage.run(config, 1)
    assert "HTTP" in appliance.refuse("set lb vserver web -soMethod REQUESTRATE -soThreshold 5")
    assert "-soThreshold is missing" in appliance.refuse("set lb vserver web -soMethod BANDWIDTH")
