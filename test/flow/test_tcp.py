# SPDX-License-Identifier: Apache-2.0
"""Bytes relayed both ways: half-close, resets, idle time-outs, back-pressure."""
import threading
import time

import pytest

from spillway import (Client, IS_SANITIZED, crowd, greets, tcp_names, wait_until)

LARGE = (64 << 20) if IS_SANITIZED else (1 << 30)
BLOCK = bytes(range(256)) * 4096


def relay(stage, serve, engines=1, service="", vserver="", port=None):
    port = port or stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 TCP {origin.port} -healthMonitor NO {service}
add lb vserver tcp1 TCP 127.0.0.1 {port} {vserver}
bind lb vserver tcp1 s
""", engines)
    return appliance, port, origin


def echo(peer):
    while data := peer.more():
        peer.send(data)


@pytest.mark.parametrize("engines", [1, 4])
def test_both_directions(stage, engines):
    appliance, port, _ = relay(stage, echo, engines)
    with crowd(20, port) as clients:
        for number, client in enumerate(clients):
            client.send(f"hello {number}\n")
        for number, client in enumerate(clients):
            assert client.until(b"\n") == f"hello {number}\n".encode()
    assert appliance.vserver("tcp1")["clients_total"] == 20


def test_server_speaks_first(stage):
    _, port, _ = relay(stage, greets("first"))
    with Client(port) as client:
        assert client.until(b"\n") == b"first\n"


def test_half_close_of_the_client(stage):
    """The client has said all; the answer still arrives, and then the end."""
    def serve(peer):
        data = peer.all()
        peer.send(b"got " + str(len(data)).encode())

    _, port, _ = relay(stage, serve)
    with Client(port) as client:
        client.send(b"x" * 100000).shut()
        assert client.all() == b"got 100000"


def test_half_close_of_the_server(stage):
    """The server has said all; it still hears the client."""
    heard = []
    done = threading.Event()

    def serve(peer):
        peer.send(b"that is all").shut()
        heard.append(peer.all())
        done.set()

    _, port, _ = relay(stage, serve)
    with Client(port) as client:
        assert client.all() == b"that is all"
        client.send(b"and I go on").shut()
        assert done.wait(30)
    assert heard == [b"and I go on"]


def test_reset_of_the_client_reaches_the_server(stage):
    ends = []
    done = threading.Event()

    def serve(peer):
        try:
            while peer.more():
                pass
            ends.append("end")
        except ConnectionResetError:
            ends.append("reset")
        done.set()

    _, port, origin = relay(stage, serve)
    client = Client(port)
    client.send("x")
    wait_until(lambda: origin.received and origin.received[0] == b"x", "it has arrived")
    client.reset()
    assert done.wait(30)
    assert ends == ["reset"]


def test_reset_of_the_server_reaches_the_client(stage):
    def serve(peer):
        peer.exactly(1)
        peer.reset()

    _, port, _ = relay(stage, serve)
    with Client(port) as client:
        client.send("x")
        assert client.is_reset()


def test_nobody_listens(stage):
    """The client's connection is reset; the next service is tried before."""
    port, dead, alive = stage.port(), stage.port(), stage.port()
    stage.script(greets("alive"), alive)
    stage.run(f"""
add service s1 127.0.0.1 TCP {dead} -healthMonitor NO
add service s2 127.0.0.1 TCP {alive} -healthMonitor NO
add lb vserver tcp1 TCP 127.0.0.1 {port} -lbMethod ROUNDROBIN
bind lb vserver tcp1 s1
bind lb vserver tcp1 s2
""")
    with crowd(10, port) as clients:
        assert tcp_names(clients) == {"alive": 10}


def test_idle_time_out(stage):
    appliance, port, origin = relay(stage, echo, vserver="-cltTimeout 1")
    with Client(port) as client:
        client.send("x")
        assert client.exactly(1) == b"x"
        start = time.monotonic()
        assert client.is_ended()
        assert time.monotonic() - start > 0.5
    wait_until(lambda: appliance.vserver("tcp1")["client_timeouts"] == 1, "it is counted")
    wait_until(lambda: len(origin.received) == 1, "the server had it")


def test_traffic_keeps_a_connection_alive(stage):
    """Bytes in one direction are enough; four seconds with a limit of two."""
    _, port, _ = relay(stage, echo, vserver="-cltTimeout 2", service="-svrTimeout 2")

    def talk():
        """Whether it was in time, always: on a busy machine it may not have been."""
        with Client(port) as client:
            last = time.monotonic()
            end = last + 4
            while time.monotonic() < end:
                threading.Event().wait(0.3)
                if time.monotonic() - last > 1.5:
                    return False
                client.send("x")
                last = time.monotonic()
                assert client.exactly(1) == b"x"
        return True

    wait_until(talk, "it has talked for four seconds")


@pytest.mark.parametrize("engines", [1, 2])
def test_a_gigabyte_both_ways(stage, engines):
    """Sent and echoed at the same time, in order, with little memory."""
    appliance, port, _ = relay(stage, echo, engines)
    before = appliance.memory()[0]
    size = LARGE // 2
    with Client(port) as client:
        def write():
            for _ in range(size // len(BLOCK)):
                client.send(BLOCK)
            client.shut()

        writer = threading.Thread(target=write)
        writer.start()
        got = 0
        while data := client.receive(1 << 20):
            start = got % 256
            assert data == (BLOCK + BLOCK[:256])[start:start + len(data)] or len(data) > len(BLOCK)
            got += len(data)
        writer.join()
    assert got == size
    assert appliance.memory()[1] - before < (160 << 20 if IS_SANITIZED else 32 << 20)


def test_back_pressure(stage):
    """Nobody reads: what the appliance takes in is bounded, and all of it arrives later."""
    go = threading.Event()
    got = [0]

    def serve(peer):
        go.wait(60)
        while data := peer.more():
            got[0] += len(data)
        peer.send("done")

    appliance, port, _ = relay(stage, serve)
    before = appliance.memory()[0]
    with Client(port) as client:
        client.sock.setblocking(False)
        sent, stuck = 0, 0
        while stuck < 200 and sent < 256 << 20:
            try:
                sent += client.sock.send(BLOCK)
                stuck = 0
            except BlockingIOError:
                stuck += 1
                threading.Event().wait(0.005)
        assert sent < 256 << 20
        assert appliance.memory()[1] - before < 32 << 20
        client.sock.setblocking(True)
        go.set()
        client.shut()
        assert client.all() == b"done"
    assert got[0] == sent


def test_ipv6(stage):
    """Clients and servers over IPv6, and from one to the other."""
    ports = [stage.port() for _ in range(3)]
    origin = stage.origin("six", address=f"[::1]:{ports[2]}")
    stage.run(f"""
add service s6 ::1 HTTP {ports[2]} -healthMonitor NO
add lb vserver v6 HTTP ::1 {ports[0]}
add lb vserver v4 HTTP 127.0.0.1 {ports[1]}
bind lb vserver v6 s6
bind lb vserver v4 s6
""", 2)
    for host, port in (("::1", ports[0]), ("127.0.0.1", ports[1])):
        with Client(port, host=host) as client:
            assert client.get().body == b"six\n"
    assert origin.process.poll() is None
