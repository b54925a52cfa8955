# SPDX-License-Identifier: Apache-2.0
"""Anything at any time: random traffic, whole and damaged, and random commands under it. Nothing is
looked at but what must always hold: the data process lives, every gauge comes back to zero, the
sanitizers are silent, and the configuration that is left can be read again.

RANDOM_SEED repeats a run as far as threads allow, RANDOM_SECONDS makes it longer."""
import os
import random
import re
import threading
import time

from spillway import Client, check_config, greets, plain, wait_until
from test_security import head, mutations

SECONDS = float(os.environ.get("RANDOM_SECONDS", 4))


def chance_of_the_day():
    seed = int(os.environ.get("RANDOM_SEED", random.randrange(1 << 30)))
    print("RANDOM_SEED", seed)
    return random.Random(seed)


def in_threads(count, act, chance):
    """Each thread acts again and again until the time is over."""
    end = time.monotonic() + SECONDS

    def run(own):
        while time.monotonic() < end:
            try:
                act(own)
            except (OSError, EOFError, ValueError, IndexError):
                time.sleep(0.001)  # refused or cut: not so fast

    threads = [threading.Thread(target=run, args=(random.Random(chance.random()),))
               for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


ANSWERS = [plain("hello", fields="X: y\r\n"), plain("x" * 300000),
           b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
           b"HTTP/1.1 100 Continue\r\n\r\n" + plain("z" * 70000),
           b"HTTP/1.1 200 OK\r\n\r\n" + b"u" * 5000,
           b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nabc",
           b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
           b"HTTP/1.1 204 No Content\r\n\r\n"]
REQUESTS = [head("Content-Length: 5", start="POST /a HTTP/1.1").encode() + b"hello",
            head("Transfer-Encoding: chunked", "Expect: 100-continue").encode()
            + b"5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n",
            head("Connection: Upgrade", "Upgrade: x", start="GET /c HTTP/1.1").encode() + b"data",
            head("Content-Length: 200000", start="PUT /a HTTP/1.1").encode() + b"h" * 200000,
            b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            b"GET http://t:80/d?e HTTP/1.1\r\nHost: t:80\r\nTE: trailers\r\n\r\n" * 4]


def assert_nothing_leaked(appliance):
    """Without clients, every unit of every limit lies in the shared pool or on an engine."""
    wait_until(appliance.is_quiet, "all have left")
    for name in re.findall(r"^add lb vserver (\S+)", appliance.running_config(), re.M):
        pools = appliance.pools(name)
        if "limit" in pools:
            assert pools["uses"] == 0, (name, pools)
            free = pools["of_them_not_dealt_out_now"] + pools["of_them_idle_on_the_engines"]
            assert free == pools["limit"], (name, pools)


def send_in_pieces(peer, data, chance):
    cut = chance.randrange(len(data) + 1) if chance.random() < 0.3 else len(data)
    peer.send(data[:cut])
    if cut < len(data):
        time.sleep(0.001)
        peer.send(data[cut:])


def rude_server(chance):
    """Answers well, ill, in pieces, late, or goes."""
    def serve(peer):
        own = random.Random(chance.random())
        peer.sock.settimeout(2)
        while peer.more():
            mood, answer = own.random(), own.choice(ANSWERS)
            if mood < 0.1:
                return
            if mood < 0.15:
                peer.reset()
                return
            send_in_pieces(peer, mutations(own, answer) if mood < 0.6 else answer, own)
    return serve


def rude_client(port):
    """Asks well, ill, in pieces, reads a little, goes."""
    def act(own):
        with Client(port) as client:
            for _ in range(own.randint(1, 3)):
                request = own.choice(REQUESTS)
                damaged = mutations(own, request) if own.random() < 0.6 else request
                send_in_pieces(client, damaged, own)
                if own.random() < 0.2:
                    client.shut()
                client.sock.settimeout(own.choice([0.002, 0.02, 0.2]))
                try:
                    client.more()
                except TimeoutError:
                    pass
            if own.random() < 0.3:
                client.reset()
    return act


def test_rude_traffic(stage):
    """Damaged on both sides, with limits everywhere."""
    chance, port = chance_of_the_day(), stage.port()
    one, two = (stage.script(rude_server(chance)) for _ in range(2))
    appliance = stage.run(f"""
add service s1 127.0.0.1 HTTP {one.port} -healthMonitor NO -svrTimeout 1 -maxClient 3
add service s2 127.0.0.1 HTTP {two.port} -healthMonitor NO -svrTimeout 1 -maxClient 3 -maxReq 2
add lb vserver web HTTP 127.0.0.1 {port} -cltTimeout 1 -soMethod CONNECTION -soThreshold 6
bind lb vserver web s1
bind lb vserver web s2
""", 3)
    process = appliance.data_process()
    for thread in in_threads(12, rude_client(port), chance):
        thread.join()
    assert appliance.data_process() == process, appliance.log()
    assert_nothing_leaked(appliance)


def visitor(ports):
    """A client of whatever listens there at the moment."""
    def act(own):
        with Client(own.choice(ports), limit=2) as client:
            if own.random() < 0.3:
                client.until(b"\n")
                client.send("hi")
                client.exactly(2)
            else:
                for _ in range(own.randint(1, 5)):
                    client.get()
    return act


VSERVERS = ["v0", "v1", "v2", "v3", "spare", "relay"]
SERVICES = ["s0", "s1", "s2", "s3", "t0", "g"]
COMMANDS = [
    "add lb vserver {v} {protocol} 127.0.0.1 {port} -soMethod {method}",
    "add lb vserver {v} HTTP 0.0.0.0 0", "rm lb vserver {v}", "bind lb vserver {v} {s}",
    "bind lb vserver {v} {s} -weight {few}", "unbind lb vserver {v} {s}",
    "add service {s} 127.0.0.1 {protocol} {origin} -maxClient {few}", "rm service {s}",
    "set service {s} -maxClient {few}", "disable service {s}", "enable service {s}",
    "disable service {s} 1", "disable lb vserver {v}", "enable lb vserver {v}",
    "set lb vserver {v} -backupVServer {other}", "unset lb vserver {v} -backupVServer",
    "set lb vserver {v} -soMethod {method}", "unset lb vserver {v} -soMethod",
    "set lb vserver {v} -lbMethod {balance}", "add serviceGroup g HTTP -maxClient {few}",
    "bind serviceGroup g 127.0.0.1 {origin}", "unbind serviceGroup g 127.0.0.1 {origin}",
    "rm serviceGroup g", "rename lb vserver {v} {other}", "rename service {s} {other_s}",
    "show lb vserver {v}", "stat lb vserver {v}", "show service {s}", "stat service {s}",
    "show ns runningConfig", "save config", "set lb vserver {v} -cltTimeout {few}",
    "set lb vserver {v} -soBackupAction DROP", "set lb vserver {v} -soBackupAction ACCEPT",
    "set ns param -exclusiveQuotaSpillOver {percent} -grantQuotaSpillOver {percent}",
    "set ns param -exclusiveQuotaMaxClient {percent} -grantQuotaMaxClient {percent}",
    "add lb monitor m TCP -interval 1", "add lb monitor n HTTP -interval 1",
    "set lb vserver {v} -soRamp {few}", "unset lb vserver {v} -soRamp -soReturn -soShadow",
    "set lb vserver {v} -soReturn {percent}", "set lb vserver {v} -soShadow ENABLED",
    "set lb vserver {v} -soQueueDepth {few} -soQueueTimeout 100",
    "unset lb vserver {v} -soQueueDepth", "set service {s} -sp ON", "unset service {s} -sp",
    "set lb vserver {v} -soPersistence ENABLED", "unset lb vserver {v} -soPersistence",
    "set lb vserver {v} -soSharedThreshold {few}", "unset lb vserver {v} -soSharedThreshold",
    "set lb vserver {v} -healthThreshold {percent}",
    "set lb vserver {v} -disablePrimaryOnDown ENABLED",
    "set spillover param -maxClient {few} -maxRequest {percent}",
    "unset spillover param -maxClient", "unset spillover param -maxRequest",
    "set ns param -maxConn {percent}", "show spillover param",
    "bind service {s} -monitorName m", "unbind service {s} -monitorName n", "rm lb monitor m TCP",
]


def some_command(chance, ports, origins):
    return chance.choice(COMMANDS).format(
        v=chance.choice(VSERVERS), other=chance.choice(VSERVERS), s=chance.choice(SERVICES),
        other_s=chance.choice(SERVICES), protocol=chance.choice(["HTTP", "TCP"]),
        port=chance.choice(ports), origin=chance.choice(origins), few=chance.randint(0, 30),
        percent=chance.randint(0, 100),
        method=chance.choice(["CONNECTION -soThreshold 5", "CONNECTION -soThreshold 40",
                              "DYNAMICCONNECTION", "NONE", "REQUEST -soThreshold 3",
                              "HEALTH -soThreshold 50"]),
        balance=chance.choice(["ROUNDROBIN", "LEASTCONNECTION", "SOURCEIPHASH"]))


def test_any_command_at_any_time(stage):
    """Most are refused, many are not: nothing they do together breaks anything."""
    chance = chance_of_the_day()

    def serve(peer):
        while peer.request() is not None:
            peer.send(plain("x" * 5000))

    origins = [stage.script(serve).port for _ in range(3)] + [stage.script(greets("t")).port]
    ports = [stage.port() for _ in range(6)]
    appliance = stage.run(f"""
add service s0 127.0.0.1 HTTP {origins[0]} -maxClient 3
add service s1 127.0.0.1 HTTP {origins[1]} -maxClient 4
add service t0 127.0.0.1 TCP {origins[3]}
add lb vserver spare HTTP 0.0.0.0 0
add lb vserver v0 HTTP 127.0.0.1 {ports[0]} -soMethod DYNAMICCONNECTION -backupVServer spare
add lb vserver relay TCP 127.0.0.1 {ports[1]}
bind lb vserver v0 s0
bind lb vserver spare s1
bind lb vserver relay t0
""", 4)
    process = appliance.data_process()
    threads = in_threads(8, visitor(ports), chance)
    while any(thread.is_alive() for thread in threads):
        batch = [some_command(chance, ports, origins) for _ in range(chance.randint(1, 8))]
        answer = appliance.cli(stdin="\n".join(batch) + "\n")
        assert answer.status in (0, 1), (batch, answer)
    for thread in threads:
        thread.join()
    assert appliance.data_process() == process, appliance.log()
    assert_nothing_leaked(appliance)
    again = check_config(stage.folder, appliance.running_config())
    assert again.status == 0, again
