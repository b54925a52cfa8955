# SPDX-License-Identifier: Apache-2.0
"""Who the client is survives other proxies: the PROXY protocol is believed from those who are
trusted, and spoken to services that want it; and two appliances that back each other up do not
send a client to and fro."""
import socket
import struct
import subprocess

import pytest

from spillway import (Client, GateOrigin, answers, field, get, greets, is_dropped, plain,
                      wait_until)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ENGINES = [1, 4]


def header(source="192.0.2.7", port=4711, to="192.0.2.1", to_port=80, tlvs=b""):
    """A header of version 2."""
    ends = (socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!HH", port, to_port))
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(ends + tlvs)) + ends + tlvs


def read_header(peer):
    """What a server reads of version 2: the client's address and the trail."""
    head = peer.exactly(16)
    assert head[:12] == SIGNATURE and head[12] == 0x21, head
    rest = peer.exactly(struct.unpack("!H", head[14:16])[0])
    assert head[13] == 0x11, head
    source, port = socket.inet_ntoa(rest[:4]), struct.unpack("!H", rest[8:10])[0]
    trail, rest = [], rest[12:]
    while rest:
        kind, length = rest[0], struct.unpack("!H", rest[1:3])[0]
        if kind == 0xE4:
            trail = list(struct.unpack(f"!{length // 4}I", rest[3:3 + length]))
        rest = rest[3 + length:]
    return source, port, trail


def believing(stage, engines, protocol="HTTP", trusted="127.0.0.1"):
    """An appliance that believes `trusted`; its port, and the client addresses the origin saw."""
    port, behind, seen = stage.port(), stage.port(), []

    def serve(peer):
        while request := peer.request():
            seen.append(field(request, "Client-IP"))
            peer.send(plain())

    def tell(peer):
        seen.append(read_header(peer))
        peer.send("hello")
        peer.is_ended()

    stage.script(serve if protocol == "HTTP" else tell, behind)
    more = "-cip ENABLED Client-IP" if protocol == "HTTP" else "-proxyProtocol ENABLED"
    appliance = stage.run(f"""
add service a 127.0.0.1 {protocol} {behind} -healthMonitor NO {more}
add lb vserver web {protocol} 127.0.0.1 {port} -proxyProtocol ENABLED -proxyProtocolTrusted {trusted}
bind lb vserver web a
""", engines)
    return appliance, port, seen


@pytest.mark.parametrize("engines", ENGINES)
def test_header_is_believed(stage, engines):
    _, port, seen = believing(stage, engines)
    with Client(port) as client:
        client.send(header() + b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.response().status == 200
    assert seen == ["192.0.2.7"]


def test_header_of_version_1_and_curl(stage):
    _, port, seen = believing(stage, 1)
    done = subprocess.run(["curl", "-s", "--haproxy-protocol", f"http://127.0.0.1:{port}/"],
                          capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "hello"
    with Client(port) as client:
        client.send(b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n"
                    b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.response().status == 200
    assert seen == ["127.0.0.1", "2001:db8::7"]


def test_header_in_pieces(stage):
    _, port, seen = believing(stage, 1)
    with Client(port) as client:
        for byte in header(tlvs=b"\x04\0\x03abc"):
            client.send(bytes([byte]))
        client.get()
    assert seen == ["192.0.2.7"]


def test_local_keeps_the_address(stage):
    """A health check of the proxy itself."""
    _, port, seen = believing(stage, 1)
    with Client(port) as client:
        client.send(SIGNATURE + b"\x20\0\0\0")
        client.get()
    assert seen == ["127.0.0.1"]


@pytest.mark.parametrize("engines", ENGINES)
def test_stranger_is_not_believed(stage, engines):
    """To others the bytes of a header are what they are: no request."""
    appliance, port, seen = believing(stage, engines, trusted="127.0.0.0/30")
    with Client(port, source=("127.0.0.9", 0)) as client:
        client.send(header() + b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.response().status == 400
    with Client(port, source=("127.0.0.9", 0)) as client:
        client.get()
    with Client(port, source=("127.0.0.2", 0)) as client:
        client.send(header())
        client.get()
    assert seen == ["127.0.0.9", "192.0.2.7"]
    assert appliance.vserver("web")["bad_introductions"] == 0


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: test\r\n\r\n", b"\r\n\r\n\0\r\nQUIT\n\x31",
                                  SIGNATURE + b"\x21\x11\xff\xff", b"PROXY TCP4 nonsense\r\n"])
def test_trusted_one_without_a_header_is_reset(stage, said):
    appliance, port, seen = believing(stage, 1)
    with Client(port) as client:
        client.send(said)
        assert client.is_reset()
    wait_until(lambda: appliance.vserver("web")["bad_introductions"] == 1, "it is counted")
    assert seen == [] and appliance.vserver("web")["clients_total"] == 0


def test_one_that_gives_up_leaves_nothing(stage):
    appliance, port, seen = believing(stage, 1)
    for length in (0, 1, 15, 27):
        with Client(port) as client:
            client.send(header()[:length])
        with Client(port) as client:
            client.send(header()[:length])
            client.shut()
            assert client.is_ended()
    assert seen == [] and appliance.vserver("web")["clients_total"] == 0


@pytest.mark.parametrize("engines", ENGINES)
def test_tcp_service_is_told(stage, engines):
    """The client's address of the header before, with the trail of both."""
    _, port, seen = believing(stage, engines, "TCP")
    with Client(port) as client:
        client.send(header(tlvs=b"\xe4\0\x04\x01\x02\x03\x04"))
        assert client.exactly(5) == b"hello"
    (source, source_port, trail), = seen
    assert (source, source_port) == ("192.0.2.7", 4711)
    assert len(trail) == 2 and trail[0] == 0x01020304


def told_site(stage, engines, more=""):
    """A service that is told of clients; the port, and who it was told of for each connection."""
    port, behind, seen = stage.port(), stage.port(), []

    def serve(peer):
        seen.append(read_header(peer)[:2])
        answers(plain())(peer)

    stage.script(serve, behind)
    return stage.run(f"""
add service a 127.0.0.1 HTTP {behind} -healthMonitor NO -proxyProtocol ENABLED {more}
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web a
""", engines), port, seen


@pytest.mark.parametrize("engines", ENGINES)
def test_http_service_is_told_of_each_client(stage, engines):
    """A connection is one client's: his requests go over it, nobody else's do, and it goes with
    him."""
    appliance, port, seen = told_site(stage, engines)
    for source in ("127.0.0.5", "127.0.0.6", "127.0.0.5"):
        with Client(port, source=(source, 0)) as client, Client(port, source=(source, 0)) as other:
            names = {one.sock.getsockname() for one in (client, other)}
            for _ in range(3):
                client.get(), other.get()
            assert appliance.service("a")["connections"] == 2
        assert len(seen) == 2 and set(seen) == names
        wait_until(lambda: appliance.service("a")["connections"] == 0, "they went with the clients")
        seen.clear()


@pytest.mark.parametrize("engines", ENGINES)
def test_kept_for_a_client_is_no_place_for_ever(stage, engines):
    """At -maxClient: who has none gets the use of one that waits for its client's next request."""
    appliance, port, seen = told_site(stage, engines, "-maxClient 1")
    with Client(port) as first, Client(port) as second:
        for turn in range(1, 4):
            assert first.get().status == second.get().status == 200
            assert len(seen) == 2 * turn
        assert appliance.service("a")["connections"] == 1
        assert second.get().status == 200 and len(seen) == 6
        appliance.do("set service a -maxClient 2")
        assert first.get().status == second.get().status == 200 and len(seen) == 7
    wait_until(lambda: appliance.service("a")["connections"] == 0, "they went with the clients")


def test_nginx_understands_it(stage, tmp_path):
    port, behind = stage.port(), stage.port()
    (tmp_path / "nginx.conf").write_text(f"""daemon off; master_process off;
pid {tmp_path}/pid; error_log {tmp_path}/error.log;
events {{ }}
http {{ access_log off;
  server {{ listen 127.0.0.1:{behind} proxy_protocol;
    return 200 "$proxy_protocol_addr:$proxy_protocol_port\\n"; }} }}
""")
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", str(tmp_path / "nginx.conf")])
    try:
        stage.run(f"""
add service a 127.0.0.1 HTTP {behind} -proxyProtocol ENABLED -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web a
""")
        wait_until(lambda: get(port).status == 200, "nginx answers")
        with Client(port, source=("127.0.0.7", 0)) as client:
            source_port = client.sock.getsockname()[1]
            assert client.get().body.decode() == f"127.0.0.7:{source_port}\n"
    finally:
        nginx.terminate()
        nginx.wait()


# --- two appliances that back each other up ---------------------------------------------------

def pair(stage, protocol, engines, limit=1):
    """Each is the backup of the other; the ports, and the origins."""
    ports, behind = (stage.port(), stage.port()), (stage.port(), stage.port())
    if protocol == "HTTP":
        origins = [stage.keep(GateOrigin(port, name)) for port, name in zip(behind, "ab")]
    else:
        origins = [stage.script(greets(name), port) for port, name in zip(behind, "ab")]
    appliances = [stage.run(f"""
add service mine 127.0.0.1 {protocol} {behind[here]} -healthMonitor NO
add service other 127.0.0.1 {protocol} {ports[1 - here]} -healthMonitor NO -proxyProtocol ENABLED
add lb vserver away {protocol} 0.0.0.0 0
add lb vserver web {protocol} 127.0.0.1 {ports[here]} -soMethod CONNECTION -soThreshold {limit} -backupVServer away -proxyProtocol ENABLED -proxyProtocolTrusted 127.0.0.1
bind lb vserver web mine
bind lb vserver away other
""", engines) for here in (0, 1)]
    return appliances, ports, origins


SOURCE = ("127.0.0.8", 0)  # whom nobody trusts: an ordinary client


@pytest.mark.parametrize("engines", ENGINES)
def test_two_that_are_full_do_not_loop(stage, engines):
    (a, b), (port, _), _ = pair(stage, "TCP", engines)
    with Client(port, source=SOURCE) as one:
        assert one.exactly(1) == b"a"
        with Client(port, source=SOURCE) as two:
            assert two.exactly(1) == b"b"  # A is full, B has room
            assert is_dropped(port, SOURCE)  # A, B, A, and no further
            assert a.vserver("web")["clients_total"] == 1
            assert b.vserver("web")["clients_total"] == 1
            assert a.vserver("away")["asked_in_a_loop"] == 1
            assert b.vserver("away")["asked_in_a_loop"] == 0
    wait_until(lambda: a.is_quiet() and b.is_quiet(), "nothing is left")
    with Client(port, source=SOURCE) as again:
        assert again.exactly(1) == b"a"


@pytest.mark.parametrize("engines", ENGINES)
def test_http_of_two_that_are_full_is_answered_503(stage, engines):
    (a, b), ports, origins = pair(stage, "HTTP", engines)
    clients = []
    for origin in origins:
        clients.append(stage.keep(Client(ports[0], source=SOURCE)))
        clients[-1].send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: origin.active == 1, "it is served")
    with Client(ports[0], source=SOURCE) as three:
        answer = three.get()
        assert answer.status == 503 and field(answer, "Retry-After")
    for origin in origins:
        origin.gate.set()
    assert [client.response().body for client in clients] == [b"a", b"b"]
    assert a.vserver("away")["asked_in_a_loop"] == 1
    for client in clients:
        client.close()


# --- bad input ----------------------------------------------------------------------------------

def test_bad_options(stage):
    appliance = stage.run("add lb vserver web HTTP 127.0.0.1 0\n")
    said = appliance.refuse("set lb vserver web -proxyProtocol ENABLED")
    assert "-proxyProtocolTrusted is missing" in said
    said = appliance.refuse("set lb vserver web -proxyProtocolTrusted 10.0.0.0/8 10.0.0.1/8")
    assert "10.0.0.1/8 is none of them" in said
    appliance.do("set lb vserver web -proxyProtocol ENABLED -proxyProtocolTrusted 10.0.0.0/8 ::1")
    assert "-proxyProtocolTrusted 10.0.0.0/8 ::1" in appliance.running_config()
    said = appliance.refuse("unset lb vserver web -proxyProtocolTrusted")
    assert "-proxyProtocolTrusted is missing" in said
    appliance.do("unset lb vserver web -proxyProtocol -proxyProtocolTrusted")
    assert "proxyProtocol" not in appliance.running_config()


def test_believing_can_be_switched_live(stage):
    appliance, port, seen = believing(stage, 2)
    appliance.do("set lb vserver web -proxyProtocol DISABLED")
    with Client(port) as client:
        client.get()
    appliance.do("set lb vserver web -proxyProtocol ENABLED")
    with Client(port) as client:
        client.send(header())
        client.get()
    assert seen == ["127.0.0.1", "192.0.2.7"]
