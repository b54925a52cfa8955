# SPDX-License-Identifier: Apache-2.0
"""Changes while it runs: what a change does not concern goes on undisturbed."""
import socket
import threading

import pytest

from spillway import (Client, IS_SANITIZED, answers, crowd, get, greets, http_names, plain, status_of,
                      tcp_names, wait_until)


def two_sites(stage, engines):
    """Two virtual servers that have nothing in common: an HTTP one and a TCP one."""
    ports = [stage.port() for _ in range(2)]
    http, other, tcp = stage.origin("one"), stage.origin("two"), stage.script(greets("tcp"))
    appliance = stage.run(f"""
add service s1 127.0.0.1 HTTP {http.port} -healthMonitor NO
add service s2 127.0.0.1 HTTP {other.port} -healthMonitor NO
add service t1 127.0.0.1 TCP {tcp.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {ports[0]} -lbMethod ROUNDROBIN
add lb vserver tcp1 TCP 127.0.0.1 {ports[1]}
bind lb vserver web s1
bind lb vserver web s2
bind lb vserver tcp1 t1
""", engines)
    return appliance, *ports


@pytest.mark.parametrize("engines", [1, 4])
def test_unrelated_changes_disturb_nobody(stage, engines):
    """Sixty changes, among them of the servers in use: every open connection lives on and every
    request is answered."""
    appliance, web, tcp = two_sites(stage, engines)
    with crowd(30, web) as https, crowd(30, tcp, 50) as tcps:
        assert tcp_names(tcps) == {"tcp": 30}
        for turn in range(12):
            http_names(https)
            appliance.do(f"add service x{turn} 127.0.0.1 HTTP {1000 + turn}",
                         f"bind lb vserver web x{turn} -weight 1",
                         f"unbind lb vserver web x{turn}",
                         f"set service s1 -maxClient {100 + turn}",
                         f"rm service x{turn}",
                         f"add lb vserver y{turn} TCP 127.0.0.1 {stage.port()}",
                         f"set lb vserver web -cltTimeout {100 + turn}",
                         f"set lb vserver web -lbMethod {('ROUNDROBIN', 'LEASTCONNECTION')[turn % 2]}")
            for client in tcps:
                client.send(f"{turn}\n")
            assert all(client.until(b"\n") == f"{turn}\n".encode() for client in tcps)
        assert sum(http_names(https).values()) == 30
    assert appliance.vserver("web")["bad_gateways"] == 0


def test_a_disabled_service_gets_nothing_new(stage):
    """disable service: running connections stay, new requests go to the others."""
    appliance, web, _ = two_sites(stage, 1)
    with crowd(4, web) as clients:
        assert http_names(clients) == {"one": 2, "two": 2}
        appliance.do("disable service s1")
        for _ in range(3):
            assert http_names(clients) == {"two": 4}
        appliance.do("enable service s1")
        assert http_names(clients) == {"one": 2, "two": 2}


def test_disable_with_live_tcp_connections(stage):
    """A relayed connection of a service that is disabled gracefully goes on to its own end."""
    appliance, _, tcp = two_sites(stage, 2)
    with Client(tcp) as client:
        client.until(b"\n")
        appliance.do("disable service t1 -graceFul YES")
        client.send("still here\n")
        assert client.until(b"\n") == b"still here\n"
        with Client(tcp) as late:
            assert late.is_ended()
        appliance.do("enable service t1")
        with Client(tcp) as late:
            assert late.until(b"\n") == b"tcp\n"


def test_a_removed_virtual_server_stops_listening(stage):
    """Its port is closed and free at once; its clients leave in their own time; others stay."""
    appliance, web, tcp = two_sites(stage, 2)
    with crowd(5, tcp) as tcps, crowd(5, web) as https:
        tcp_names(tcps), http_names(https)
        appliance.do("rm lb vserver web")

        def is_refused():
            try:
                Client(web).close()
                return False
            except ConnectionRefusedError:
                return True

        wait_until(is_refused, "nobody listens there")
        for client in tcps:
            client.send("x\n")
        assert all(client.until(b"\n") == b"x\n" for client in tcps)
    appliance.do(f"add lb vserver again HTTP 127.0.0.1 {web}", "bind lb vserver again s1")
    assert get(web).body == b"one\n"


def test_a_virtual_server_moves(stage):
    """Another address and port by set: the new one serves, and connections of the old one live."""
    appliance, web, _ = two_sites(stage, 2)
    with Client(web) as client:
        client.get()
        appliance.do("disable lb vserver tcp1", "rename lb vserver web site")
        assert client.get().status == 200
        assert get(web).status == 200


def test_disable_and_enable_of_a_virtual_server(stage):
    appliance, web, tcp = two_sites(stage, 2)
    appliance.do("disable lb vserver web")

    def serves():
        try:
            return get(web).status == 200
        except (ConnectionError, EOFError):
            return False

    wait_until(lambda: not serves(), "it does not serve")
    with Client(tcp) as client:
        assert client.until(b"\n") == b"tcp\n"
    appliance.do("enable lb vserver web")
    wait_until(serves, "it serves again")


def test_a_service_moves(stage):
    """set service -IPAddress: new connections go to the new place."""
    port, behind = stage.port(), stage.port()
    stage.origin("here", port=behind)
    appliance = stage.run(f"""
add server host 127.0.0.1
add service s host HTTP {behind} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    assert get(port).body == b"here\n"
    appliance.do("set server host -IPAddress 127.0.0.77")
    wait_until(lambda: status_of(port) == 503, "nobody is there")
    appliance.do("set server host -IPAddress 127.0.0.1")
    wait_until(lambda: get(port).body == b"here\n", "it is back")


def test_members_of_a_group(stage):
    """Members come and go, are disabled one by one and with their server."""
    port = stage.port()
    one, two = stage.origin("one"), stage.origin("two")
    appliance = stage.run(f"""
add serviceGroup g HTTP -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port} -lbMethod ROUNDROBIN
bind lb vserver web g
bind serviceGroup g 127.0.0.1 {one.port}
""")
    with crowd(1, port) as clients:
        ask = lambda: sum((http_names(clients) for _ in range(9)), http_names(clients))
        assert ask() == {"one": 10}
        appliance.do(f"bind serviceGroup g 127.0.0.1 {two.port}")
        assert ask() == {"one": 5, "two": 5}
        appliance.do(f"disable serviceGroup g 127.0.0.1 {one.port}")
        assert ask() == {"two": 10}
        appliance.do(f"enable serviceGroup g 127.0.0.1 {one.port}")
        assert ask() == {"one": 5, "two": 5}
        appliance.do(f"unbind serviceGroup g 127.0.0.1 {two.port}")
        assert ask() == {"one": 10}


@pytest.mark.parametrize("engines", [2, 8])
def test_changes_under_load(stage, engines):
    """Clients on many threads ask all the time while services are added, removed, disabled and
    enabled as fast as the command line can: not one request fails."""
    appliance, web, _ = two_sites(stage, engines)
    stop, failures, served = threading.Event(), [], [0]

    def ask():
        try:
            while not stop.is_set():
                with Client(web) as client:
                    for _ in range(20):
                        response = client.get()
                        assert response.status == 200, response
                        served[0] += 1
        except Exception as error:  # noqa: reported below
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for turn in range(10 if IS_SANITIZED else 40):
        name = ("s1", "s2")[turn % 2]
        appliance.do(f"disable service {name}", f"set service {name} -maxClient {turn + 50}",
                     f"enable service {name}", f"unbind lb vserver web {name}",
                     f"bind lb vserver web {name} -weight {turn % 5 + 1}")
    before = served[0]
    wait_until(lambda: served[0] > before + 50 or failures, "the load goes on")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert appliance.vserver("web")["bad_gateways"] == 0


@pytest.mark.skipif(IS_SANITIZED, reason="the sanitizer keeps what is freed for a while")
def test_a_long_connection_pins_nothing(stage):
    """One connection lives through 300 changes: the memory for old configurations is given back."""
    appliance, _, tcp = two_sites(stage, 2)
    lines = [f"add service z{n} 127.0.0.1 TCP {n + 1} -healthMonitor NO" for n in range(400)]
    answer = appliance.cli(stdin="\n".join(lines) + "\n")
    assert answer.status == 0, answer
    with Client(tcp) as client:
        client.until(b"\n")
        for turn in range(20):
            appliance.do(f"set service z1 -maxClient {turn + 1}")
        before = appliance.memory()[0]
        for turn in range(300):
            appliance.do(f"set service z1 -maxClient {turn + 1}")
        assert appliance.memory()[0] - before < 8 << 20
        client.send("x\n")
        assert client.until(b"\n") == b"x\n"


def test_monitors_take_out_and_bring_back(stage):
    """HTTP monitor: an answer of another kind takes the service out; a good one brings it back."""
    port, status = stage.port(), ["200 OK"]

    def serve(peer):
        while (request := peer.request()) is not None:
            peer.send(plain("x", status[0]) if request.target == "/health" else plain("served"))

    origin = stage.script(serve)
    appliance = stage.run(f"""
add lb monitor m HTTP -httpRequest "GET /health" -respCode 200 -interval 300 MSEC \
-resptimeout 290 MSEC -downTime 50 MSEC -retries 1
add service s 127.0.0.1 HTTP {origin.port}
bind service s -monitorName m
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    wait_until(lambda: get(port).status == 200, "it is up")
    status[0] = "500 No"
    wait_until(lambda: status_of(port) == 503, "it is down")
    assert not appliance.is_up("s")
    status[0] = "200 OK"
    wait_until(lambda: get(port).status == 200, "it is up again")


def test_answers_while_busy(stage):
    """Fifty operators at once; every command is answered and the last word counts."""
    appliance, web, _ = two_sites(stage, 2)
    results = []

    def operate(number):
        results.append(appliance.cli(f"set service s1 -maxClient {number + 1}",
                                     "show lb vserver web").status)

    threads = [threading.Thread(target=operate, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0] * 50
    assert get(web).status == 200


def may_ping():
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
            return True
        except PermissionError:
            continue
    return False


@pytest.mark.skipif(not may_ping(), reason="this user may not send echo requests")
def test_ping_monitor(stage):
    """PING: loopback answers; an address to which there is no road does not."""
    appliance = stage.run("""
add lb monitor p PING -interval 500 MSEC -resptimeout 490 MSEC -downTime 100 MSEC -retries 1
add service near 127.0.0.1 TCP 9
add service far 240.0.0.1 TCP 9
bind service near -monitorName p
bind service far -monitorName p
""")
    wait_until(lambda: appliance.is_up("near"), "it answers")
    wait_until(lambda: "state: DOWN" in appliance.do("show service far"), "it does not")
    assert not appliance.is_up("far")
