# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 through the appliance: framing, reuse, interim answers, upgrades, retries, failures."""
import asyncio
import hashlib
import threading
import time

import pytest
import websockets

from spillway import (Client, IS_SANITIZED, answers, crowd, field, get, http_names, plain, status_of,
                      wait_until)

LARGE = (64 << 20) if IS_SANITIZED else (1 << 30)
BLOCK = bytes(range(256)) * 4096


def web(stage, serve, engines=1, service="", vserver=""):
    """An appliance before one scripted origin: appliance, port, origin."""
    port = stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO {service}
add lb vserver web HTTP 127.0.0.1 {port} {vserver}
bind lb vserver web s
""", engines)
    return appliance, port, origin


def test_keep_alive_both_sides(stage):
    """Many requests of one client over one connection, and one connection to the server."""
    appliance, port, origin = web(stage, answers(plain("hello")))
    with Client(port) as client:
        for _ in range(50):
            response = client.get()
            assert (response.status, response.body) == (200, b"hello")
    assert len(origin.peers) == 1
    assert appliance.vserver("web")["requests_total"] == 50
    assert appliance.service("s")["reused_total"] == 49


def test_clients_share_server_connections(stage):
    """One after the other: the newest idle connection is used again."""
    _, port, origin = web(stage, answers(plain()))
    for _ in range(20):
        assert get(port).status == 200
    assert len(origin.peers) == 1


def test_connection_close_of_the_client(stage):
    _, port, origin = web(stage, answers(plain()))
    with Client(port) as client:
        response = client.get(fields="Connection: close\r\n")
        assert field(response, "Connection").lower() == "close"
        assert client.is_ended()
    assert get(port).status == 200
    assert len(origin.peers) == 1


def test_http_10(stage):
    """No keep-alive unless asked; with it, the answer says so. Never chunked."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    _, port, _ = web(stage, answers(plain(), chunked))
    with Client(port) as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        assert client.response().body == b"hello"
        assert client.is_ended()
    with Client(port) as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        response = client.response()
        assert field(response, "Transfer-Encoding") is None
        assert response.body == b"hello"
        assert client.is_ended()


def test_http_10_keep_alive(stage):
    _, port, _ = web(stage, answers(plain()))
    with Client(port) as client:
        for _ in range(3):
            client.send("GET / HTTP/1.0\r\nHost: t\r\nConnection: keep-alive\r\n\r\n")
            response = client.response()
            assert (response.status, response.body) == (200, b"hello")
            if field(response, "Connection", "").lower() != "keep-alive":
                assert client.is_ended()
                break


def test_chunked_answer(stage):
    """Chunks and trailer fields arrive; extensions do not."""
    _, port, _ = web(stage, answers(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n"))
    with Client(port) as client:
        for _ in range(2):
            response = client.get(fields="TE: trailers\r\n")
            assert response.body == b"hello world"
            assert client.trailers in ([("X-Sum", "42")], [])


def test_chunked_request(stage):
    """A body without a length in many small pieces is whole at the server."""
    bodies = []

    def serve(peer):
        while (request := peer.request()) is not None:
            bodies.append(request.body)
            peer.send(plain("ok"))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"1\r\na\r\n", b"3;x=y\r\nb", b"cd\r", b"\n", b"A\r\n0123456789\r\n0\r\n\r\n"):
            client.send(piece)
        assert client.response().status == 200
        assert client.get().status == 200
    assert bodies == [b"abcd0123456789", b""]


def test_close_delimited_answer(stage):
    """No length and no chunks: the end of the connection is the end of the body."""
    def serve(peer):
        peer.request()
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + "x" * 100000)

    _, port, _ = web(stage, serve)
    for _ in range(3):
        with Client(port) as client:
            assert client.get().body == b"x" * 100000


def test_cut_answer_never_looks_whole(stage):
    """The server dies in the middle of a body: the client sees a reset or an unfinished chunk."""
    def serve(peer):
        peer.request()
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        with pytest.raises((EOFError, ConnectionResetError)):
            client.get()


def test_head(stage):
    """The length is told, no body follows, and the connection goes on."""
    def serve(peer):
        while (request := peer.request()) is not None:
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"
                      if request.method == "HEAD" else plain())

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        for _ in range(3):
            response = client.get(method="HEAD")
            assert field(response, "Content-Length") == "12345"
            assert client.get().body == b"hello"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body(stage, status):
    _, port, origin = web(stage, answers(f"HTTP/1.1 {status}\r\nX-Is: here\r\n\r\n", plain()))
    with Client(port) as client:
        response = client.get()
        assert response.status == int(status[:3])
        assert field(response, "X-Is") == "here"
        assert client.get().body == b"hello"
    assert len(origin.peers) == 1


def test_interim_answers(stage):
    """103 goes through, any number; the final answer follows."""
    early = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    _, port, _ = web(stage, answers(early.encode() * 3 + plain()))
    with Client(port) as client:
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        for _ in range(3):
            assert client.response().status == 103
        assert client.response().body == b"hello"


def test_expect_continue(stage):
    """The client waits for 100 before it sends its body."""
    def serve(peer):
        peer.head()
        peer.send("HTTP/1.1 100 Continue\r\n\r\n")
        body = peer.exactly(5)
        peer.send(plain(b"got " + body))
        peer.more()

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        client.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n"
                    "Content-Length: 5\r\n\r\n")
        assert client.response().status == 100
        client.send("12345")
        assert client.response().body == b"got 12345"


def test_expect_continue_refused(stage):
    """The server answers at once without the body: so does the client's connection."""
    def serve(peer):
        peer.head()
        peer.send(plain("too large", "413 Content Too Large", "Connection: close\r\n"))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        client.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n"
                    "Content-Length: 5\r\n\r\n")
        assert client.response().status == 413
        assert client.is_ended()


def test_pipelining(stage):
    """Twenty requests in one write; the answers come in order."""
    def serve(peer):
        while (request := peer.request()) is not None:
            peer.send(plain(request.target))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        client.send("".join(f"GET /{number} HTTP/1.1\r\nHost: t\r\n\r\n" for number in range(20)))
        assert [client.response().body for _ in range(20)] == \
            [f"/{number}".encode() for number in range(20)]


def test_pipelining_with_bodies(stage):
    def serve(peer):
        while (request := peer.request()) is not None:
            peer.send(plain(request.body))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        client.send("".join(f"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: {len(text)}\r\n\r\n{text}"
                            for text in ("a", "bb", "", "dddd")))
        assert [client.response().body for _ in range(4)] == [b"a", b"bb", b"", b"dddd"]


def test_byte_by_byte(stage):
    """A request and an answer that arrive one byte at a time."""
    def serve(peer):
        while (request := peer.request()) is not None:
            for byte in plain(request.body):
                peer.send(bytes([byte]))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        for byte in b"POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc":
            client.send(bytes([byte]))
        assert client.response().body == b"abc"


def test_hop_by_hop_fields_stay(stage):
    """What belongs to one connection is not forwarded, in neither direction, also what Connection
    names; everything else is, with its order and repeats."""
    heads = []

    def serve(peer):
        while (request := peer.request()) is not None:
            heads.append(request)
            peer.send(plain(fields="Connection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\n"
                                   "X-Kept: a\r\nX-Kept: b\r\n"))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        response = client.get(fields="Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\n"
                                     "Keep-Alive: 5\r\nProxy-Connection: keep-alive\r\n"
                                     "X-A: 1\r\nX-B: 2\r\nX-A: 3\r\n")
    names = [name.lower() for name, _ in heads[0].fields]
    assert not {"x-mine", "keep-alive", "proxy-connection"} & set(names)
    assert [pair for pair in heads[0].fields if pair[0].startswith("X-")] == \
        [("X-A", "1"), ("X-B", "2"), ("X-A", "3")]
    assert field(response, "X-Secret") is None and field(response, "Keep-Alive") is None
    assert [value for name, value in response.fields if name == "X-Kept"] == ["a", "b"]


def test_client_address_is_inserted(stage):
    """-cip: the field with the client's address; what a client says there itself is taken out."""
    heads = []

    def serve(peer):
        while (request := peer.request()) is not None:
            heads.append(request)
            peer.send(plain())

    _, port, _ = web(stage, serve, service="-cip ENABLED X-Client")
    get(port, fields="X-Client: 6.6.6.6\r\n")
    assert [value for name, value in heads[0].fields if name.lower() == "x-client"] == ["127.0.0.1"]


def large(stage, serve):
    appliance, port, _ = web(stage, serve)
    return appliance, port


def bounded(appliance, before):
    """The data process has not kept what went through it."""
    assert appliance.memory()[1] - before < (160 << 20 if IS_SANITIZED else 32 << 20)


def test_large_body_to_the_client(stage):
    """1 GiB down; the client reads as fast as it can; memory stays."""
    def serve(peer):
        peer.request()
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")
        for _ in range(LARGE // len(BLOCK)):
            peer.send(BLOCK)
        peer.more()

    appliance, port = large(stage, serve)
    before = appliance.memory()[0]
    with Client(port) as client:
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        client.head()
        got, digest = 0, hashlib.blake2b()
        while got < LARGE:
            data = client.more(1 << 20)
            assert data
            got += len(data)
            digest.update(data)
    assert got == LARGE
    want = hashlib.blake2b()
    for _ in range(LARGE // len(BLOCK)):
        want.update(BLOCK)
    assert digest.digest() == want.digest()
    bounded(appliance, before)


def test_large_body_to_the_server(stage):
    """1 GiB up, chunked on the way: every byte arrives; memory stays."""
    got = []

    def serve(peer):
        peer.head()
        count = 0
        while (size := int(peer.until(b"\r\n").split(b";")[0], 16)) > 0:
            left = size
            while left:
                left -= len(peer.more(left))
            count += size
            peer.exactly(2)
        peer.until(b"\r\n")
        got.append(count)
        peer.send(plain("ok"))
        peer.more()

    appliance, port = large(stage, serve)
    before = appliance.memory()[0]
    with Client(port) as client:
        client.send("PUT / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(LARGE // len(BLOCK)):
            client.send(b"%x\r\n" % len(BLOCK) + BLOCK + b"\r\n")
        client.send("0\r\n\r\n")
        assert client.response().status == 200
    assert got == [LARGE]
    bounded(appliance, before)


def test_websocket(stage):
    """A WebSocket through the tunnel: text both ways, a large message, an orderly end."""
    port, behind = stage.port(), stage.port()
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {behind} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")

    async def echo(socket):
        async for message in socket:
            await socket.send(message)

    async def talk():
        async with websockets.serve(echo, "127.0.0.1", behind, max_size=1 << 25):
            async with websockets.connect(f"ws://127.0.0.1:{port}/chat",
                                          max_size=1 << 25) as socket:
                for number in range(100):
                    await socket.send(f"message {number}")
                    assert await socket.recv() == f"message {number}"
                await socket.send(b"x" * (1 << 24))
                assert len(await socket.recv()) == 1 << 24
                assert appliance.vserver("web")["clients"] == 1

    asyncio.run(asyncio.wait_for(talk(), 120))


def test_refused_upgrade_goes_on_as_http(stage):
    """The server does not want to: an ordinary answer, and the next request works."""
    _, port, _ = web(stage, answers(plain("no")))
    with Client(port) as client:
        response = client.get(fields="Connection: Upgrade\r\nUpgrade: websocket\r\n")
        assert (response.status, response.body) == (200, b"no")
        assert client.get().status == 200


def test_unasked_switch_of_protocols_is_refused(stage):
    """101 to a request without Upgrade is a broken server: 502."""
    _, port, _ = web(stage, answers("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                                    "Connection: Upgrade\r\n\r\nmine"))
    with Client(port) as client:
        assert client.get().status == 502


def test_upgrade_to_http_2_is_no_tunnel(stage):
    heads = []

    def serve(peer):
        while (request := peer.request()) is not None:
            heads.append(request)
            peer.send(plain())

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        response = client.get(fields="Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                     "HTTP2-Settings: AAMAAABkAAQAAP__\r\n")
    assert response.status == 200
    assert field(heads[0], "Upgrade") is None and field(heads[0], "HTTP2-Settings") is None


def test_retry_on_a_closed_idle_connection(stage):
    """The server closes idle connections when a second request comes: an idempotent request is
    sent again over a new one, and the client notices nothing."""
    count = [0]

    def serve(peer):
        peer.request()
        peer.send(plain())
        if peer.request() is not None:
            count[0] += 1  # closes instead of an answer

    appliance, port, _ = web(stage, serve)
    with Client(port) as client:
        for _ in range(10):
            assert client.get().status == 200
    assert count[0] >= 1
    assert appliance.service("s")["retries"] == count[0]


def test_no_retry_of_a_post(stage):
    """A POST that may have been carried out is not sent twice: 502."""
    posts = []

    def serve(peer):
        peer.request()
        peer.send(plain())
        request = peer.request()
        if request is not None:
            posts.append(request.body)

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        assert client.get().status == 200
        client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nonce")
        assert client.response().status == 502
    assert posts == [b"once"]


def test_refused_connection_is_tried_elsewhere(stage):
    """One of two services refuses connections: every request is served by the other."""
    port, dead = stage.port(), stage.port()
    origin = stage.origin("alive")
    stage.run(f"""
add service s1 127.0.0.1 HTTP {dead} -healthMonitor NO
add service s2 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port} -lbMethod ROUNDROBIN
bind lb vserver web s1
bind lb vserver web s2
""")
    for _ in range(10):
        assert get(port).body == b"alive\n"


def test_503_when_nobody_listens(stage):
    """No server was reached, so nothing was begun: the client may come again."""
    port, dead = stage.port(), stage.port()
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {dead} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    response = get(port)
    assert response.status == 503
    assert int(field(response, "Retry-After")) > 0
    assert field(response, "Content-Type", "").startswith("text/plain")
    assert appliance.vserver("web")["bad_gateways"] == 1


def test_503_when_all_are_disabled(stage):
    appliance, port, _ = web(stage, answers(plain()))
    appliance.do("disable service s")
    wait_until(lambda: status_of(port) == 503, "nobody serves")


def test_504_when_the_server_is_silent(stage):
    """-svrTimeout: the server takes the request and never answers."""
    appliance, port, _ = web(stage, lambda peer: (peer.request(), peer.more()),
                             service="-svrTimeout 1")
    assert get(port).status == 504
    assert appliance.service("s")["timeouts"] == 1


@pytest.mark.parametrize("answer", [
    "nonsense\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 99 No\r\nContent-Length: 0\r\n\r\n",
    "",
])
def test_broken_answers_are_502(stage, answer):
    """And the next request, over a new connection, is served."""
    def serve(peer):
        if peer.request().target == "/good":
            peer.send(plain())
            peer.more()
        else:
            peer.send(answer)

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        assert client.get("/bad").status == 502
    assert get(port, "/good").body == b"hello"


def test_bytes_after_an_answer_reach_nobody(stage):
    """A server that sends more than it said: the rest is thrown away with its connection."""
    _, port, _ = web(stage, answers(plain("mine") + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"))
    for _ in range(10):
        assert get(port).body == b"mine"


def test_answer_before_the_request_is_whole(stage):
    """The server answers while the body is still on its way; the client gets the answer."""
    def serve(peer):
        peer.head()
        peer.send(plain("enough", "403 Forbidden", "Connection: close\r\n"))

    _, port, _ = web(stage, serve)
    with Client(port) as client:
        client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\nstart")
        assert client.response().status == 403


def test_aborted_upload_never_looks_whole(stage):
    """The client dies in its body: the server's connection breaks before the end of it."""
    ended = threading.Event()
    whole = []

    def serve(peer):
        try:
            whole.append(peer.request())
        finally:
            ended.set()

    appliance, port, _ = web(stage, serve)
    client = Client(port)
    client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
    wait_until(lambda: appliance.service("s")["active"] == 1, "the server has it")
    client.reset()
    assert ended.wait(30)
    assert not whole


def test_gone_client_frees_the_server(stage):
    """A client that leaves while the server works: the server's connection is closed."""
    closed = threading.Event()

    def serve(peer):
        peer.request()
        try:
            peer.more()
        finally:
            closed.set()

    appliance, port, _ = web(stage, serve)
    client = Client(port)
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    wait_until(lambda: appliance.service("s")["active"] == 1, "the server works")
    client.reset()
    assert closed.wait(30)
    wait_until(lambda: appliance.vserver("web")["client_aborts"] == 1, "it is counted")


def test_max_requests_of_a_connection(stage):
    """-maxReq: a server connection is used so many times and no more."""
    counts = []

    def serve(peer):
        number = len(counts)
        counts.append(0)
        while peer.request() is not None:
            counts[number] += 1
            peer.send(plain())

    _, port, _ = web(stage, serve, service="-maxReq 3")
    for _ in range(9):
        assert get(port).status == 200
    assert max(counts) == 3 and sum(counts) == 9


def test_idle_client_is_closed(stage):
    """-cltTimeout: a client that says nothing is let go."""
    appliance, port, _ = web(stage, answers(plain()), vserver="-cltTimeout 1")
    with Client(port) as client:
        assert client.get().status == 200
        start = time.monotonic()
        assert client.is_ended()
        assert time.monotonic() - start > 0.5
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "it has left")


@pytest.mark.parametrize("engines", [1, 4])
def test_many_clients_keep_their_answers(stage, engines):
    """200 clients on few connections, each with answers of its own: nobody gets another's."""
    def serve(peer):
        while (request := peer.request()) is not None:
            peer.send(plain(request.target * 50))

    _, port, _ = web(stage, serve, engines, service="-maxClient 9")
    with crowd(200, port) as clients:
        for turn in range(3):
            for number, client in enumerate(clients):
                client.send(f"GET /{turn}/{number}/ HTTP/1.1\r\nHost: t\r\n\r\n")
            for number, client in enumerate(clients):
                assert client.response().body == f"/{turn}/{number}/".encode() * 50


def test_least_connection_and_round_robin(stage):
    ports = [stage.port() for _ in range(2)]
    one, two = stage.origin("one"), stage.origin("two")
    stage.run(f"""
add service s1 127.0.0.1 HTTP {one.port}
add service s2 127.0.0.1 HTTP {two.port}
add lb vserver rr HTTP 127.0.0.1 {ports[0]} -lbMethod ROUNDROBIN
add lb vserver weighted HTTP 127.0.0.1 {ports[1]} -lbMethod ROUNDROBIN
bind lb vserver rr s1
bind lb vserver rr s2
bind lb vserver weighted s1 -weight 3
bind lb vserver weighted s2 -weight 1
""")
    with crowd(1, ports[0]) as clients:
        assert sum((http_names(clients) for _ in range(20)), http_names(clients)) in (
            {"one": 11, "two": 10}, {"one": 10, "two": 11})
    with crowd(1, ports[1]) as clients:
        counts = sum((http_names(clients) for _ in range(39)), http_names(clients))
        assert counts == {"one": 30, "two": 10}
