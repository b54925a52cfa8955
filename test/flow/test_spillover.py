# SPDX-License-Identifier: Apache-2.0
"""Connections that a full virtual server gives to its backup: exactly those, on any number of
engines, while limits change and clients come and go."""
import collections
import re
import threading

import pytest

from spillway import (Client, GateOrigin, IS_SANITIZED, crowd, field, get, greets, http_names,
                      is_dropped, plain, answers, tcp_names, wait_until)

ENGINES = [1, 2, 8]


def two_pools(stage, protocol, limit, more=""):
    """A primary with a limit and a backup without; the ports: primary, its origin, the backup's."""
    port, one, two = stage.port(), stage.port(), stage.port()
    config = f"""
add service a 127.0.0.1 {protocol} {one} -healthMonitor NO
add service b 127.0.0.1 {protocol} {two} -healthMonitor NO
add lb vserver spare {protocol} 0.0.0.0 0
add lb vserver web {protocol} 127.0.0.1 {port} {limit} -backupVServer spare
bind lb vserver web a
bind lb vserver spare b
{more}
"""
    return config, port, one, two


def connection(limit):
    return f"-soMethod CONNECTION -soThreshold {limit}"


def http_stage(stage, engines, limit=100, more=""):
    config, port, one, two = two_pools(stage, "HTTP", connection(limit), more)
    stage.origin("primary", port=one), stage.origin("backup", port=two)
    return stage.run(config, engines), port


def tcp_stage(stage, engines, limit=100, more=""):
    config, port, one, two = two_pools(stage, "TCP", connection(limit), more)
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    return stage.run(config, engines), port


@pytest.mark.parametrize("engines", ENGINES)
def test_http_exactly_the_limit(stage, engines):
    """300 requests in work at once: 100 at the primary's origin, 200 at the backup's."""
    config, port, one, two = two_pools(stage, "HTTP", connection(100))
    primary, backup = (stage.keep(GateOrigin(port, name))
                       for port, name in ((one, "primary"), (two, "backup")))
    appliance = stage.run(config, engines)
    with crowd(300, port) as clients:
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: primary.active + backup.active == 300, "300 requests are in work")
        assert (primary.active, backup.active) == (100, 200)
        numbers, spare = appliance.vserver("web"), appliance.vserver("spare")
        assert (numbers["clients"], numbers["spilled"]) == (100, 200)
        assert (spare["clients"], spare["spilled_in"]) == (200, 200)
        primary.gate.set(), backup.gate.set()
        names = collections.Counter(client.response().body.decode() for client in clients)
        assert names == {"primary": 100, "backup": 200}
    assert (primary.requests, backup.requests) == (100, 200)


@pytest.mark.parametrize("engines", ENGINES)
def test_tcp_exactly_the_limit(stage, engines):
    appliance, port = tcp_stage(stage, engines)
    with crowd(300, port) as clients:
        assert tcp_names(clients) == {"primary": 100, "backup": 200}
        assert appliance.vserver("web")["clients"] == 100
        assert appliance.vserver("spare")["clients"] == 200


def test_every_flow_on_one_of_eight_engines(stage):
    """A limit of 20 over 8 engines deals 2 to each; one engine alone still admits all 20."""
    appliance, port = tcp_stage(stage, 8, limit=20)
    kept, index = [], 0
    target = None
    while len(kept) < 30:
        before = engine_clients(appliance)
        client = Client(port, source=(f"127.0.{1 + index // 250}.{1 + index % 250}", 0))
        name = client.until(b"\n").decode().strip()
        after = engine_clients(appliance)
        engine = next(number for number in after if after[number] != before.get(number, 0))
        target = engine if target is None else target
        index += 1
        if engine == target:
            kept.append((client, name))
            continue
        client.reset()
        wait_until(lambda: sum(engine_clients(appliance).values()) == len(kept), "it has left")
    assert [name for _, name in kept] == ["primary"] * 20 + ["backup"] * 10
    for client, _ in kept:
        client.close()


def engine_clients(appliance):
    """The clients that each engine has now, on both virtual servers."""
    text = appliance.do("stat lb vserver -detail")
    found = collections.Counter()
    for engine, count in re.findall(r"engine (\d+) Current client connections: (\d+)", text):
        found[engine] += int(count)
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
def test_fewer_uses_than_engines(stage, limit):
    _, port = tcp_stage(stage, 8, limit=limit)
    with crowd(limit + 5, port) as clients:
        assert tcp_names(clients) == {"primary": limit, "backup": 5}


@pytest.mark.parametrize("engines", [1, 8])
def test_room_again(stage, engines):
    """Who leaves makes room for exactly one; who has spilled stays where he is."""
    appliance, port = tcp_stage(stage, engines, limit=50)
    with crowd(80, port) as clients:
        names = [client.until(b"\n").decode().strip() for client in clients]
        assert collections.Counter(names) == {"primary": 50, "backup": 30}
        inside = [client for client, name in zip(clients, names) if name == "primary"]
        for client in inside[:20]:
            client.close()
        wait_until(lambda: appliance.vserver("web")["clients"] == 30, "20 have left")
        with crowd(40, port, start=100) as more:
            assert tcp_names(more) == {"primary": 20, "backup": 20}
            assert appliance.vserver("spare")["clients"] == 50
            assert all(client.is_open() for client in clients if client not in inside[:20])


@pytest.mark.parametrize("engines", [1, 4])
def test_chain_of_backups(stage, engines):
    ports = [stage.port() for _ in range(4)]
    for port, name in zip(ports[1:], ("first", "second", "third")):
        stage.script(greets(name), port)
    stage.run(f"""
add service s1 127.0.0.1 TCP {ports[1]} -healthMonitor NO
add service s2 127.0.0.1 TCP {ports[2]} -healthMonitor NO
add service s3 127.0.0.1 TCP {ports[3]} -healthMonitor NO
add lb vserver v3 TCP 0.0.0.0 0
add lb vserver v2 TCP 0.0.0.0 0 {connection(20)} -backupVServer v3
add lb vserver v1 TCP 127.0.0.1 {ports[0]} {connection(10)} -backupVServer v2
bind lb vserver v1 s1
bind lb vserver v2 s2
bind lb vserver v3 s3
""", engines)
    with crowd(50, ports[0]) as clients:
        assert tcp_names(clients) == {"first": 10, "second": 20, "third": 20}


def test_two_primaries_share_a_backup(stage):
    """The backup has a limit of its own; its clients come from both and may also come directly."""
    first, second, direct, one, two = (stage.port() for _ in range(5))
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {one} -healthMonitor NO
add service b 127.0.0.1 TCP {two} -healthMonitor NO
add lb vserver spare TCP 127.0.0.1 {direct} {connection(25)}
add lb vserver v1 TCP 127.0.0.1 {first} {connection(5)} -backupVServer spare
add lb vserver v2 TCP 127.0.0.1 {second} {connection(5)} -backupVServer spare
bind lb vserver v1 a
bind lb vserver v2 a
bind lb vserver spare b
""", 2)
    with crowd(15, first) as ones, crowd(10, second, 50) as twos, crowd(10, direct, 100) as direct:
        assert tcp_names(ones) == {"primary": 5, "backup": 10}
        assert tcp_names(twos) == {"primary": 5, "backup": 5}
        assert tcp_names(direct) == {"backup": 10}
        assert appliance.vserver("spare")["clients"] == 25
        assert is_dropped(first)


def dynamic_stage(stage, engines, most=(50, 50), protocol="TCP", more=""):
    port, one, two, three = (stage.port() for _ in range(4))
    origins = [stage.script(greets(name), port)
               for name, port in (("one", one), ("two", two), ("spare", three))]
    appliance = stage.run(f"""
add service s1 127.0.0.1 {protocol} {one} -maxClient {most[0]}
add service s2 127.0.0.1 {protocol} {two} -maxClient {most[1]}
add service s3 127.0.0.1 {protocol} {three}
add lb vserver spare {protocol} 0.0.0.0 0
add lb vserver web {protocol} 127.0.0.1 {port} -soMethod DYNAMICCONNECTION -backupVServer spare
bind lb vserver web s1
bind lb vserver web s2
bind lb vserver spare s3
{more}
""", engines)
    return appliance, port, origins


@pytest.mark.parametrize("engines", ENGINES)
def test_dynamic_limit_is_the_sum(stage, engines):
    _, port, _ = dynamic_stage(stage, engines)
    with crowd(130, port) as clients:
        assert tcp_names(clients) == {"one": 50, "two": 50, "spare": 30}


def test_dynamic_limit_follows_disable_and_enable(stage):
    appliance, port, _ = dynamic_stage(stage, 2, (10, 15))
    appliance.do("disable service s1")
    with crowd(20, port) as clients:
        assert tcp_names(clients) == {"two": 15, "spare": 5}
        appliance.do("enable service s1")
        wait_until(lambda: appliance.is_up("s1"), "it is up again")
        with crowd(12, port, 50) as more:
            assert tcp_names(more) == {"one": 10, "spare": 2}


def test_dynamic_limit_follows_max_client(stage):
    appliance, port, _ = dynamic_stage(stage, 2, (10, 10))
    with crowd(25, port) as clients:
        assert tcp_names(clients)["spare"] == 5
        appliance.do("set service s1 -maxClient 13")
        with crowd(5, port, 50) as more:
            assert tcp_names(more) == {"one": 3, "spare": 2}
            appliance.do("set service s1 -maxClient 5")
            with crowd(3, port, 60) as late:
                assert tcp_names(late) == {"spare": 3}
            assert all(client.is_open() for client in clients + more)


def test_dynamic_limit_follows_monitors(stage):
    appliance, port, origins = dynamic_stage(stage, 2, (10, 10), more="""
add lb monitor m TCP -interval 500 MSEC -resptimeout 490 MSEC -downTime 100 MSEC -retries 1
bind service s1 -monitorName m
bind service s2 -monitorName m
""")
    wait_until(lambda: appliance.is_up("s1") and appliance.is_up("s2"), "both are up")
    origins[0].close()
    wait_until(lambda: not appliance.is_up("s1"), "the monitor has seen it")
    with crowd(15, port) as clients:
        assert tcp_names(clients) == {"two": 10, "spare": 5}


def test_no_ceiling_without_max_client(stage):
    """One service that takes any number: the sum has no end. Said when it is bound and shown."""
    appliance, port, _ = dynamic_stage(stage, 1, (5, 0))
    with crowd(40, port) as clients:
        assert tcp_names(clients)["spare"] == 0
    answer = appliance.cli("unbind lb vserver web s2", "bind lb vserver web s2")
    assert "maxClient" in answer.text + answer.error


def test_limit_changes_while_clients_stay(stage):
    """Raised: exactly the difference is admitted. Lowered: nobody is cut, nobody new comes in
    until the uses have fallen below it."""
    appliance, port = tcp_stage(stage, 4, limit=10)
    with crowd(10, port) as clients:
        assert tcp_names(clients) == {"primary": 10}
        with crowd(5, port, 10) as others:
            assert tcp_names(others) == {"backup": 5}
        appliance.do("set lb vserver web -soThreshold 18")
        with crowd(8, port, 20) as more:
            assert tcp_names(more) == {"primary": 8}
            with crowd(4, port, 30) as others:
                assert tcp_names(others) == {"backup": 4}
            appliance.do("set lb vserver web -soThreshold 4")
            with crowd(3, port, 40) as late:
                assert tcp_names(late) == {"backup": 3}
            assert all(client.is_open() for client in clients + more)
            for client in clients + more[:5]:
                client.close()
            wait_until(lambda: appliance.vserver("web")["clients"] == 3, "most have left")
            with crowd(6, port, 50) as last:
                assert tcp_names(last) == {"primary": 1, "backup": 5}


class Inside:
    """Clients that the primary serves, counted by themselves: from the greeting until just before
    they close. Every one of them holds a use, so there are never more than the limit."""

    def __init__(self):
        self.lock = threading.Lock()
        self.count = self.peak = self.visits = 0

    def enter(self, names):
        with self.lock:
            self.count += names["primary"]
            self.visits += names["primary"]
            self.peak = max(self.peak, self.count)

    def leave(self, names):
        with self.lock:
            self.count -= names["primary"]

    def mark(self):
        with self.lock:
            self.peak = self.count


@pytest.mark.parametrize("engines", [1, 8])
def test_limit_changes_under_load(stage, engines):
    """Clients come and go on many threads while the limit jumps: raised, it is used; lowered, no
    more come in until there are fewer, and from then on never more than it says."""
    appliance, port = tcp_stage(stage, engines, limit=20)
    inside, stop, failures = Inside(), threading.Event(), []
    rounds = [0] * 10

    def come_and_go(number):
        try:
            while not stop.is_set():
                rounds[number] += 1
                with crowd(5, port, number * 10) as clients:
                    names = tcp_names(clients)
                    inside.enter(names)
                    inside.leave(names)
        except Exception as error:  # noqa: reported below
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for limit in (30, 5, 40, 1, 25, 40, 2, 20) * (1 if IS_SANITIZED else 3):
        appliance.do(f"set lb vserver web -soThreshold {limit}")
        before = list(rounds)
        wait_until(lambda: failures or all(now > then for now, then in zip(rounds, before)),
                   "whoever came before the change has left")
        inside.mark()
        visits = inside.visits
        wait_until(lambda: inside.visits > visits + 20 or failures, "load goes on")
        assert inside.peak <= limit
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures
    wait_until(appliance.is_quiet, "all have left")


def test_drop_of_http(stage):
    """No backup: 503 with Retry-After, and the connection is closed."""
    port, one = stage.port(), stage.port()
    stage.origin("primary", port=one)
    appliance = stage.run(f"""
add service a 127.0.0.1 HTTP {one} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port} {connection(3)}
bind lb vserver web a
""", 2)
    with crowd(3, port) as clients:
        assert http_names(clients) == {"primary": 3}
        with Client(port) as late:
            response = late.get()
            assert response.status == 503
            assert int(field(response, "Retry-After")) > 0
            assert late.is_ended()
        assert appliance.vserver("web")["refused"] == 1
    wait_until(lambda: get(port).status == 200, "there is room again")


def test_drop_of_tcp(stage):
    port, one = stage.port(), stage.port()
    stage.script(greets("primary"), one)
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {one} -healthMonitor NO
add lb vserver web TCP 127.0.0.1 {port} {connection(3)} -soBackupAction DROP
bind lb vserver web a
""", 2)
    with crowd(3, port) as clients:
        assert tcp_names(clients) == {"primary": 3}
        assert is_dropped(port)
        wait_until(lambda: appliance.vserver("web")["refused"] == 1, "it is counted")


def test_redirect(stage):
    """The client is sent elsewhere when no backup can take it."""
    port, one = stage.port(), stage.port()
    stage.origin("primary", port=one)
    stage.run(f"""
add service a 127.0.0.1 HTTP {one} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port} {connection(1)} -soBackupAction REDIRECT \
-redirectURL "http://elsewhere.example/"
bind lb vserver web a
""")
    with crowd(1, port) as clients:
        http_names(clients)
        response = get(port, "/some/path?a=b")
        assert response.status == 302
        assert field(response, "Location").startswith("http://elsewhere.example/")


def test_accept_past_the_limit(stage):
    port, one = stage.port(), stage.port()
    stage.script(greets("primary"), one)
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {one} -healthMonitor NO
add lb vserver web TCP 127.0.0.1 {port} {connection(3)} -soBackupAction ACCEPT
bind lb vserver web a
""", 2)
    with crowd(10, port) as clients:
        assert tcp_names(clients) == {"primary": 10}
        assert appliance.vserver("web")["clients"] == 10


def test_backup_takes_over_when_the_primary_is_down(stage):
    """All services disabled: the backup serves. Enabled again: new clients are back."""
    appliance, port = http_stage(stage, 2)
    assert get(port).body == b"primary\n"
    appliance.do("disable service a")
    wait_until(lambda: get(port).body == b"backup\n", "the backup serves")
    appliance.do("enable service a")
    wait_until(lambda: get(port).body == b"primary\n", "the primary serves again")
    assert appliance.vserver("web")["spilled_down"] >= 1


def test_spilling_ends_with_the_method(stage):
    appliance, port = tcp_stage(stage, 2, limit=2)
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"primary": 2, "backup": 2}
        appliance.do("set lb vserver web -soMethod NONE")
        with crowd(10, port, 10) as more:
            assert tcp_names(more) == {"primary": 10}


@pytest.mark.parametrize("engines", [1, 2, 8])
def test_max_client_of_a_service(stage, engines):
    """60 clients ask at once and the origin holds what it gets: seven are there and the others wait
    in line. Then all are served, and at no time were more than seven in work."""
    port, one = stage.port(), stage.port()
    origin = stage.keep(GateOrigin(one, "origin"))
    appliance = stage.run(f"""
add service a 127.0.0.1 HTTP {one} -maxClient 7 -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web a
""", engines)
    with crowd(60, port) as clients:
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: appliance.service("a")["waiting"] == 53, "53 wait")
        # The appliance has sent seven requests; the origin needs a moment to read them.
        wait_until(lambda: origin.active >= 7, "seven are in work")
        assert (origin.active, origin.open, origin.open_peak) == (7, 7, 7)
        assert appliance.service("a")["connections"] == 7
        origin.gate.set()
        assert {client.response().body for client in clients} == {b"origin"}
        for _ in range(3):
            assert http_names(clients) == {"origin": 60}
    assert (origin.requests, origin.active_peak) == (240, 7)


def test_pools_are_shown(stage):
    """100 over 7 engines: 77 dealt out, 11 to each, 23 shared, batches of 2."""
    appliance, port = tcp_stage(stage, 7)
    shown = appliance.pools("web")
    assert shown["limit"] == 100
    assert (shown["exclusive_pool"], shown["exclusive_for_each_engine"]) == (77, 11)
    assert (shown["shared_pool"], shown["batch"]) == (23, 2)
    with crowd(40, port) as clients:
        tcp_names(clients)
        table = re.findall(r"^\s*\d+ +(\d+) +(\d+) +(\d+) +(\d+) +\d+$",
                           appliance.do("show lb vserver web"), re.M)
        assert len(table) == 7
        assert sum(int(used) for _, used, _, _ in table) == 40
        assert appliance.pools("web")["uses"] == 40


@pytest.mark.parametrize("command, what", [
    ("add lb vserver x HTTP 0.0.0.0 0 -soMethod CONNECTION", "soThreshold"),
    ("add lb vserver x HTTP 0.0.0.0 0 -soMethod CONNECTION -soThreshold 0", "1"),
    ("set lb vserver web -backupVServer nowhere", "nowhere"),
    ("set lb vserver spare -backupVServer web", "web"),
    ("set lb vserver web -backupVServer web", "web"),
    ("set lb vserver web -backupVServer tcp1", "tcp1"),
    ("rm lb vserver spare", "web"),
    ("set lb vserver web -redirectURL nonsense", "redirectURL"),
])
def test_bad_limits_are_refused(stage, command, what):
    """Refused with the reason, and nothing has changed."""
    config, *_ = two_pools(stage, "HTTP", connection(5), "add lb vserver tcp1 TCP 0.0.0.0 0")
    appliance = stage.run(config)
    before = appliance.running_config()
    assert what.lower() in appliance.refuse(command).lower()
    assert appliance.running_config() == before


def test_uses_come_back_from_every_state(stage):
    """Connections that die before a byte, in a head, in a body, in an answer and idle: the limit
    is whole afterwards."""
    def serve(peer):
        while peer.request() is not None:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    config, port, one, two = two_pools(stage, "HTTP", connection(10))
    stage.script(serve, one), stage.script(answers(plain("backup")), two)
    appliance = stage.run(config, 2)
    states = ["", "GET / HT", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc",
              "GET / HTTP/1.1\r\nHost: t\r\n\r\n"]
    for state in states * 5:
        with crowd(10, port) as clients:
            for client in clients:
                client.send(state)
            wait_until(lambda: appliance.vserver("web")["clients"] == 10, "all are in")
            for number, client in enumerate(clients):
                client.reset() if number % 2 else client.close()
        wait_until(appliance.is_quiet, f"all have left after {state!r}")
