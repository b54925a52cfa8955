# SPDX-License-Identifier: Apache-2.0
"""Limits of bytes and requests a second: never above the rate and what may come at once, over all
engines; new clients spill while the rate is at the limit; those that are there are paced."""
import collections
import contextlib
import os
import signal
import socket
import threading
import time

import pytest

from spillway import Client, answers, crowd, greets, plain, wait_until
from test_exactness import Crowd, name_of
from test_spillover import two_pools

ENGINES = [1, 2, 8]
KBIT = 125


def pours(amount, then=0):
    """A TCP origin that says that much when it is asked, and `then` when it is asked once more;
    then waits for the end."""
    def serve(peer):
        peer.exactly(1)
        peer.send(b"x" * amount)
        if then and peer.more(1):
            peer.send(b"x" * then)
        peer.all()
    return serve


@contextlib.contextmanager
def drinking(client, first):
    """It asks twice, and reads as long as the caller goes on, who does when `first` bytes came."""
    got = []

    def drink():
        with contextlib.suppress(OSError):
            while data := client.receive():
                got.append(len(data))

    thread = threading.Thread(target=drink)
    client.send("??")
    thread.start()
    wait_until(lambda: sum(got) >= first, "it has drunk")
    try:
        yield
    finally:
        client.sock.shutdown(socket.SHUT_RDWR)
        thread.join()


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


def who_serves(port):
    """Whoever greets a client; nobody where it is dropped."""
    with Client(port) as client:
        return name_of(client)


class Glass:
    """What all clients together have got, and whether it was ever more than the rate allows."""
    TURN = 0.01  # seconds that an engine's clock may be behind

    def __init__(self, rate):
        self.lock = threading.Lock()
        self.got, self.above, self.base, self.rate = 0, [], 0, 0
        self.begin = time.monotonic()
        self.change(rate)

    def most(self):
        return self.base + self.rate * (time.monotonic() - self.begin + self.TURN)

    def change(self, rate):
        """Before the appliance does: what may come at once may come again."""
        with self.lock:
            self.base = self.most() + max(rate / 10, 65536)
            self.begin, self.rate = time.monotonic(), rate

    def fill(self, client, amount):
        while amount > 0:
            data = client.more(min(amount, 65536))
            assert data
            amount -= len(data)
            with self.lock:
                self.got += len(data)
                if self.got > self.most():
                    self.above.append((self.got, self.most()))

    @contextlib.contextmanager
    def filling(self, clients, amount):
        """All of them ask and read, while the caller goes on; at the end all have got it."""
        threads = [threading.Thread(target=self.fill, args=(client, amount)) for client in clients]
        for client in clients:
            client.send("?")
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.join()
        assert self.got == amount * len(clients)


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


@pytest.mark.parametrize("place", [(8, True)], ids=["one engine of 8"])
def test_bandwidth_on_one_engine(stage, place):
    """All flows are on one engine of 8: it has the rate of all, and never more. First so low that
    what may come at once is nearly all that comes: its engine gets far more than an eighth."""
    config, port, one, two = two_pools(stage, "TCP", "-soMethod BANDWIDTH -soThreshold 8")
    stage.script(pours(300000), one), stage.script(greets("backup"), two)
    with Crowd(stage, place, port, 11) as crowd_of_one:
        appliance = stage.run(config, place[0])
        clients = crowd_of_one.come(10)
        wait_until(lambda: appliance.vserver("web")["clients"] == 10, "all have been let in")
        crowd_of_one.check_place(appliance)
        glass = Glass(8 * KBIT)
        with glass.filling(clients, 300000):
            wait_until(lambda: glass.got >= 40000, "what may come at once has come")
            assert not glass.above
            assert name_of(crowd_of_one.come(1)[0]) == "backup"
            glass.change(16000 * KBIT)
            appliance.do("set lb vserver web -soThreshold 16000")
        assert not glass.above
        numbers = appliance.vserver("web")
        assert (numbers["spilled"], numbers["clients_total"]) == (1, 10)
        assert numbers["bytes_out"] == glass.got == 3000000


@pytest.mark.parametrize("engines", [1, 4])
def test_bandwidth_of_the_appliance(stage, engines):
    """Over two virtual servers together; who is there is paced, who comes is not served, and the
    backup does not help. Without the limit everything flows and everybody is served."""
    rate, amount, other = 16000 * KBIT, 300000, stage.port()
    config, port, one, two = two_pools(stage, "TCP", "", f"""
add lb vserver more TCP 127.0.0.1 {other} -backupVServer spare
bind lb vserver more a
set spillover param -maxBandwidth 16000
""")
    stage.script(pours(amount), one), stage.script(greets("backup"), two)
    appliance = stage.run(config, engines)

    def both():
        return [appliance.vserver(name) for name in ("web", "more")]

    with crowd(5, port) as first, crowd(5, other, 5) as second:
        wait_until(lambda: [each["clients"] for each in both()] == [5, 5], "all have been let in")
        glass = Glass(rate)
        with glass.filling(first + second, amount):
            wait_until(lambda: "refusals 0" not in appliance.do("show spillover param"),
                       "the limit is reached")
            assert [who_serves(port), who_serves(other)] == ["nobody", "nobody"]
        assert not glass.above
        wait_until(lambda: [each["bytes_out"] for each in both()] == [5 * amount, 5 * amount],
                   "all is counted")
        for each in both():
            assert each["asked_at_the_appliance_bandwidth"] == each["dropped"] == 1
            assert each["spilled"] == 0
        assert appliance.vserver("spare")["clients_total"] == 0
        shown = appliance.do("show spillover param")
        assert "-maxBandwidth 16000" in appliance.running_config()
        assert "at once 200000, passed 3000010," in shown


@pytest.mark.parametrize("engines", [1, 4])
def test_bandwidth_of_the_appliance_is_live(stage, engines):
    """Hardly anything flows on the connections that are there; when the limit goes, all of it."""
    config, port, one, two = two_pools(stage, "TCP", "")
    stage.script(pours(300000), one), stage.script(greets("backup"), two)
    appliance = stage.run(config, engines)
    with crowd(4, port) as clients:
        wait_until(lambda: appliance.vserver("web")["clients"] == 4, "all have been let in")
        appliance.do("set spillover param -maxBandwidth 8")
        glass = Glass(8 * KBIT)
        with glass.filling(clients, 300000):
            wait_until(lambda: glass.got >= 30000, "what may come at once has come")
            assert not glass.above
            appliance.do("unset spillover param -maxBandwidth")
            with Client(port) as late:
                assert late.send("?").exactly(300000) == b"x" * 300000
        assert appliance.vserver("web")["asked_at_the_appliance_bandwidth"] == 0


def test_bandwidth_of_a_service(stage):
    """Paced; and while it is at its limit another that has room is chosen."""
    port, one, two = stage.port(), stage.port(), stage.port()
    rate, amount = 8000 * KBIT, 500000
    stage.script(pours(amount, then=200 * amount), one), stage.script(greets("other"), two)
    appliance = stage.run(f"""
add service slow 127.0.0.1 TCP {one} -healthMonitor NO -maxBandwidth 8000
add service other 127.0.0.1 TCP {two} -healthMonitor NO -state DISABLED
add lb vserver web TCP 127.0.0.1 {port} -lbMethod ROUNDROBIN
bind lb vserver web slow
bind lb vserver web other
""", 2)
    with Client(port) as client, Client(port) as second, Client(port) as greedy:
        wait_until(lambda: appliance.service("slow")["active"] == 3, "all have their server")
        assert drain([client, second], amount) >= (2 * amount - rate / 10) / rate
        with drinking(greedy, 3 * rate / 10):
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


@pytest.mark.parametrize("engines", [1, 4])
def test_a_reserve_of_a_rate(stage, engines):
    """The last 20 of 25 requests that may come at once are kept: what comes in a burst spills
    early."""
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod REQUESTRATE -soThreshold 25"
                                       " -soSharedThreshold 20")
    stage.script(answers(plain("primary")), one), stage.script(answers(plain("backup")), two)
    appliance = stage.run(config, engines)
    with crowd(10, port) as clients:
        begin = time.monotonic()
        names = collections.Counter(client.get().body.decode()
                                    for _ in range(10) for client in clients)
        most = 5 + 25 * (time.monotonic() - begin) + 1
        assert sum(names.values()) == 100
        assert 5 <= names["primary"] <= most
        numbers = appliance.vserver("web")
        assert numbers["spilled"] == numbers["asked_early"] == names["backup"]
        wait_until(lambda: "vserver web spills: its thresholds spill before the limit; new" in
                   appliance.log(), "the log has no limit of uses")
        appliance.do("set lb vserver web -soSharedThreshold 0")
        wait_until(lambda: clients[0].get().body == b"primary", "there is room again")


@pytest.mark.parametrize("method", ["BANDWIDTH", "REQUESTRATE", "HEALTH"])
def test_what_counts_uses_is_not_for_rates(stage, method):
    config, *_ = two_pools(stage, "HTTP", f"-soMethod {method} -soThreshold 50")
    appliance = stage.run(config)
    before = appliance.running_config()
    assert "-soQueueDepth is not" in appliance.refuse("set lb vserver web -soQueueDepth 5")
    assert "-soEngineThreshold counts uses" in appliance.refuse(
        "set lb vserver web -soEngineThreshold 50%")
    assert appliance.running_config() == before
    appliance.do("set lb vserver web -soMethod CONNECTION -soQueueDepth 5")
    assert "-soQueueDepth is not" in appliance.refuse(f"set lb vserver web -soMethod {method}")


def killed(appliance):
    """The data process dies, and another serves."""
    old = appliance.data_process()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
    wait_until(appliance.is_ready, "commands are answered again")


@pytest.mark.parametrize("engines", [1, 4])
def test_requests_a_second_over_a_crash(stage, engines):
    """The data process is killed twice under load: over the whole time the primary has no more than
    what may come at once and what the rate brings."""
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod REQUESTRATE -soThreshold 60")
    stage.script(answers(plain("primary")), one), stage.script(answers(plain("backup")), two)
    appliance = stage.run(config, engines)
    begin, names = time.monotonic(), collections.Counter()
    for life in range(3):
        with crowd(5, port) as clients:
            for _ in range(30):
                for client in clients:
                    names[client.get().body.decode()] += 1
        if life < 2:
            killed(appliance)
    assert sum(names.values()) == 450
    assert 60 <= names["primary"] <= 60 + 60 * (time.monotonic() - begin) + 1
    assert appliance.vserver("web")["spilled"] == names["backup"]


@pytest.mark.parametrize("engines", [1, 4])
def test_bandwidth_over_a_crash(stage, engines):
    """What came at once does not come again: of 64 KB and 1 KB/s nothing is left for the next data
    process, under a new name either, and whoever comes spills; a new limit holds as ever."""
    config, port, one, two = two_pools(stage, "TCP", "-soMethod BANDWIDTH -soThreshold 8")
    stage.script(pours(300000), one), stage.script(greets("backup"), two)
    appliance = stage.run(config, engines)
    with Client(port) as client:
        wait_until(lambda: appliance.vserver("web")["clients"] == 1, "it has been let in")
        client.send("?").exactly(40000)
        wait_until(lambda: appliance.pools("web")["refusals"] > 0, "the rate is used up")
        appliance.do("rename lb vserver web web2")
        passed = appliance.pools("web2")["passed"]
        killed(appliance)
    shown = appliance.pools("web2")
    assert shown["passed"] == passed
    with Client(port) as late:
        assert late.until(b"\n") == b"backup\n"
    appliance.do("set lb vserver web2 -soThreshold 8000000")

    def is_served():
        with Client(port) as client:
            return client.send("?").exactly(1) == b"x"
    wait_until(is_served, "there is room again")


def test_what_is_refused(stage):
    config, _, _, _ = two_pools(stage, "TCP", "")
    appliance = stage.run(config, 1)
    assert "HTTP" in appliance.refuse("set lb vserver web -soMethod REQUESTRATE -soThreshold 5")
    assert "-soThreshold is missing" in appliance.refuse("set lb vserver web -soMethod BANDWIDTH")
