# SPDX-License-Identifier: Apache-2.0
"""What nobody on either side may achieve: smuggled requests, answers of others, stale bytes, halves
that look whole, a dead data process. Raw bytes in, raw bytes recorded behind."""
import os
import random
import re
import resource
import signal
import threading

import pytest

from spillway import (Client, IS_SANITIZED, answers, crowd, field, get, greets, plain, tcp_names,
                      wait_until)
from test_failure import cpu_seconds

# Sanitizer builds fill freed objects and fresh buffers with these bytes (base/slab.h,
# engine/buffer.c).
POISONS = b"\xa5" * 6, b"\x5a" * 6
REFUSALS = {400, 405, 411, 413, 414, 417, 431, 501, 505}
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n"


def is_stale(data):
    return any(poison in data for poison in POISONS)


class Recorder:
    """An origin that keeps every byte, answers each whole request with its target, and knows
    which requests were whole."""

    def __init__(self, stage, answer=None):
        self.whole = []
        self.answer = answer or (lambda request: plain(request.target))
        self.origin = stage.script(self.serve)
        self.port = self.origin.port

    def serve(self, peer):
        while (request := peer.request()) is not None:
            self.whole.append(request)
            reply = self.answer(request)
            if reply is None:
                return
            peer.send(reply)

    def bytes(self):
        return b"".join(bytes(seen) for seen in self.origin.received)

    def targets(self):
        return [request.target for request in self.whole]


class Site:
    """An appliance before a recorder. At the end its data process must be the one that began, and
    no stale byte may have come out at any side."""

    def __init__(self, stage, answer=None, engines=1, vserver="", service=""):
        self.port = stage.port()
        self.origin = Recorder(stage, answer)
        self.appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {self.origin.port} -healthMonitor NO {service}
add lb vserver web HTTP 127.0.0.1 {self.port} {vserver}
bind lb vserver web s
""", engines)
        self.process = self.appliance.data_process()
        self.seen = bytearray()

    def client(self, **more):
        return Client(self.port, seen=self.seen, **more)

    def exchange(self, data):
        """Everything that comes back for these bytes, until the end of the connection; the client
        ends its side after them."""
        with self.client() as client:
            try:
                client.send(data)
                client.shut()
            except OSError:
                pass
            return rest_of(client)

    def assert_sound(self):
        assert get(self.port, "/still-there").status == 200
        assert self.appliance.data_process() == self.process, self.appliance.log()
        assert not is_stale(self.seen), "a stale byte reached a client"
        assert not is_stale(self.origin.bytes()), "a stale byte reached the origin"


def rest_of(client):
    """What comes until the end, be it a reset."""
    parts = []
    try:
        while data := client.more():
            parts.append(data)
    except ConnectionError:
        pass
    return b"".join(parts)


def is_over(client):
    """Whether the other side has ended; what it said before that is thrown away."""
    client.sock.setblocking(False)
    try:
        while client.sock.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def status_of(answer):
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found.group(1)) if found else None


def refused_cases(site, cases, statuses=REFUSALS):
    """Each case: a refusal or a cut, then the end; never a whole request at the origin, and what
    follows it in the same packet is no request."""
    wrong = []
    for number, case in enumerate(cases):
        data = case.encode("latin-1") if isinstance(case, str) else case
        data = data.replace(b"/PATH", b"/bad%d" % number)
        before = len(site.origin.whole)
        answer = site.exchange(data + SMUGGLED)
        status = status_of(answer)
        if answer and status not in statuses:
            wrong.append((case, answer[:300]))
        if answer.count(b"HTTP/1.1 ") > 1:
            wrong.append((case, "two answers", answer[:300]))
        if len(site.origin.whole) != before:
            wrong.append((case, "reached the origin", site.origin.whole[before:]))
    if b"smuggled" in site.origin.bytes():
        wrong.append(("smuggled", site.origin.bytes()[-1000:]))
    assert not wrong, "\n".join(map(repr, wrong))
    site.assert_sound()


def head(*lines, start="POST /PATH HTTP/1.1"):
    return "\r\n".join((start, "Host: t", *lines)) + "\r\n\r\n"


# ---------------------------------------------------------------- framing of requests

LENGTHS = ["+5", "-5", "-0", "0x5", "5 5", "5,5", "5, 5", "5;", "5.0", "1e1", "", "five", "\t", "5\x0b",
           "18446744073709551615", "18446744073709551616", "18446744073709551621",
           "99999999999999999999999999999999"]
CODINGS = ["identity", "gzip", "xchunked", "chunkedx", "chunked, identity", "identity, chunked",
           "gzip, chunked", "chunked, chunked", "\"chunked\"", "chunked;q=1", "\x0bchunked",
           "chunked\x00", "chu nked", "", ",", "chunked,", ", chunked"]


def test_ambiguous_length_is_refused(stage):
    """Property 1: one Content-Length of digits, or one Transfer-Encoding that is exactly chunked,
    never both."""
    chunks = "0\r\n\r\n"
    cases = [head(f"Content-Length: {value}") + "hello" for value in LENGTHS]
    cases += [head(f"Transfer-Encoding: {value}") + chunks for value in CODINGS]
    cases += [
        head("Content-Length: 5", "Transfer-Encoding: chunked") + chunks,
        head("Transfer-Encoding: chunked", "Content-Length: 5") + chunks,
        head("Transfer-Encoding: chunked", "content-length: 0") + chunks,
        head("Content-Length: 5", "Content-Length: 6") + "hello",
        head("Content-Length: 5", "Content-Length: 5") + "hello",
        head("Content-Length: 0", "CONTENT-LENGTH: 5") + "hello",
        head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + chunks,
        head("Transfer-Encoding: chunked", "Transfer-Encoding: identity") + chunks,
        head("Transfer-Encoding: identity", "Transfer-Encoding: chunked") + chunks,
        head("Transfer-Encoding: chunked", start="POST /PATH HTTP/1.0") + chunks,
        head("Content-Length : 5") + "hello",
        head("Transfer-Encoding : chunked") + chunks,
        head(" Transfer-Encoding: chunked") + chunks,
        head("X: y", "\tTransfer-Encoding: chunked") + chunks,
        head("Transfer-Encoding:\r\n chunked") + chunks,
        head("Content-Length:\r\n 5") + "hello",
    ]
    refused_cases(Site(stage), cases)


def test_broken_lines_are_refused(stage):
    """Property 2: no bare CR or LF, no NUL, no folding, no odd name is forwarded."""
    request = "GET /PATH HTTP/1.1"
    cases = [
        f"{request}\nHost: t\n\n",
        f"{request}\r\nHost: t\n\r\n",
        f"{request}\r\nHost: t\r\nA: b\n\r\n",
        f"{request}\r\nHost: t\r\nA: b\r\n\n",
        f"{request}\r\nHost: t\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n",
        f"{request}\r\nHost: t\r\nA: b\r\r\n\r\n",
        f"{request}\r\nHost: t\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n",
        f"{request}\rHost: t\r\r",
    ]
    names = ["", " ", "A ", "A\t", " A", "A B", "A(B", "A\"", "A/B", "A[", "A{", "A,", "A@", "A=",
             "A\x00", "A\x7f", "A\x80", "\xe4", "A\r"]
    values = ["a\x00b", "\x00", "a\x01b", "a\x08", "\x1b[2J", "a\x7f", "a\rb", "a\nb", "a\r\n b",
              "a\r\n\tb", "a\r\n \r\n b"]
    cases += [f"{request}\r\nHost: t\r\n{name}: x\r\n\r\n" for name in names]
    cases += [f"{request}\r\nHost: t\r\nX: {value}\r\n\r\n" for value in values]
    cases += [f"{request}\r\nHost: t\r\n{line}\r\n\r\n" for line in ("nonsense", "=", "GET / HTTP/1.1")]
    refused_cases(Site(stage), cases)


def test_broken_request_lines_are_refused(stage):
    lines = ["GET  /PATH HTTP/1.1", "GET /PATH  HTTP/1.1", "GET /PATH HTTP/1.1 ", " GET /PATH HTTP/1.1",
             "GET\t/PATH\tHTTP/1.1", "GET /PATH", "GET /PATH http/1.1", "GET /PATH HTTP/2.0",
             "GET /PATH HTTP/1.10", "GET /PATH HTTP/01.1", "GET /PATH HTTP/1,1", "GET /PATH HTTP/1.",
             "GET /PATH HTTPS/1.1", "GET /PATH HTTP/11", "GET HTTP/1.1", "GET /PATH /b HTTP/1.1",
             "G(T /PATH HTTP/1.1", "G\x00T /PATH HTTP/1.1", "/PATH HTTP/1.1", "GET /PATH HTTP/0.9",
             "PRI * HTTP/2.0", "CONNECT t:80 HTTP/1.1", "CONNECT /PATH HTTP/1.1",
             "GET PATH HTTP/1.1", "GET * HTTP/1.1", "GET /PATH#part HTTP/1.1", "GET # HTTP/1.1",
             "GET /PATH\x00 HTTP/1.1", "GET /PATH\x01 HTTP/1.1", "GET /PATH\x7f HTTP/1.1",
             "GET /PATH\xe4 HTTP/1.1", "GET /PATH\r HTTP/1.1", "GET ftp://t/PATH HTTP/1.1",
             "GET http:///PATH HTTP/1.1", "GET http://other/PATH HTTP/1.1",
             "GET http://t@t/PATH HTTP/1.1", "GET http://t:80:80/PATH HTTP/1.1"]
    refused_cases(Site(stage), [f"{line}\r\nHost: t\r\n\r\n" for line in lines])


def test_exactly_one_host(stage):
    """Property 4."""
    request = "GET /PATH HTTP/1.1\r\n"
    hosts = ["a b", "a/b", "a\\b", "a?b", "a#b", "a@b", "a,b", "a\tb", "http://a", "a:b:c", "a:b",
             "[::1", "a]", "\xe4", "a<b>", "a\"b"]
    cases = [f"{request}\r\n", f"{request}X: y\r\n\r\n", f"{request}Host: t\r\nHost: t\r\n\r\n",
             f"{request}Host: t\r\nHost: u\r\n\r\n", f"{request}Host: t\r\nX: y\r\nhost: t\r\n\r\n",
             f"{request}Host: t, u\r\n\r\n",
             "GET http://a/PATH HTTP/1.1\r\nHost: b\r\n\r\n",
             "GET http://a/PATH HTTP/1.1\r\nHost: a:81\r\n\r\n",
             "GET http://a/PATH HTTP/1.1\r\n\r\n"]
    cases += [f"{request}Host: {host}\r\n\r\n" for host in hosts]
    refused_cases(Site(stage), cases)


def test_broken_chunks_never_look_whole(stage):
    """Property 3: the head may be at the origin by then, but never a whole message."""
    start = head("Transfer-Encoding: chunked")
    sizes = ["+5", "-5", "0x5", " 5", "5 ", "\t5", "5\t", "", "g", "5g", "5\x00", "5,", "5:", "5.0",
             "10000000000000000", "10000000000000005", "fffffffffffffffff", "ffffffffffffffff",
             "5;" + "x" * 70000, "5;a\x00b", "5;a\x01b", "5;a\rb", "5;\n"]
    cases = [start + f"{size}\r\nhello\r\n0\r\n\r\n" for size in sizes]
    cases += [start + body for body in (
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "6\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
        "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "5\r\nhello\r\n0\r\nHost: u\r\n\r\n",
        "5\r\nhello\r\n0\r\nBad Name: u\r\n\r\n",
        "5\r\nhello\r\n0\r\nNo colon\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded: u\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: a\x00b\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n",
        "5\r\nhello\r\n0\r\n" + "X: y\r\n" * 5000 + "\r\n",
    )]
    refused_cases(Site(stage), cases)


def test_what_is_odd_but_clear_is_written_anew(stage):
    """The origin sees one plain spelling of it: no extension, no hop-by-hop field, one framing."""
    site = Site(stage)
    sent = (b"\r\nPOST /odd HTTP/1.1\r\nhOsT:t\r\nTRANSFER-encoding: \tChunked\t \r\n"
            b"Connection: close, X-Private\r\nX-Private: secret\r\nProxy-Connection: keep-alive\r\n"
            b"Keep-Alive: 5\r\nX-Empty:\r\n\r\n"
            b"005;ext=\"a;b\"\r\nhello\r\n0;last\r\n\r\n")
    answer = site.exchange(sent)
    assert status_of(answer) == 200
    request = site.origin.whole[-1]
    assert request.body == b"hello"
    assert [name.lower() for name, _ in request.fields].count("transfer-encoding") <= 1
    for gone in ("ext", "last", "secret", "X-Private", "Proxy-Connection", "Keep-Alive"):
        assert gone.lower().encode() not in site.origin.bytes().lower(), gone
    assert field(request, "X-Empty") == ""
    site.assert_sound()


def test_what_follows_a_body_is_the_next_request(stage):
    """A body that looks like a request is a body, at every way to cut it into packets."""
    site = Site(stage, engines=2)
    for framing in ("length", "chunked"):
        if framing == "length":
            data = head(f"Content-Length: {len(SMUGGLED)}", start="POST /one HTTP/1.1").encode()
            data += SMUGGLED
        else:
            data = head("Transfer-Encoding: chunked", start="POST /one HTTP/1.1").encode()
            data += b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n"
        data += b"GET /two HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        for cut in range(1, len(data), 3):
            with site.client() as client:
                client.send(data[:cut])
                client.send(data[cut:])
                assert client.response().body == b"/one"
                assert client.response().body == b"/two"
                assert client.is_ended()
    assert set(site.origin.targets()) == {"/one", "/two"}
    assert {request.body for request in site.origin.whole if request.target == "/one"} == {SMUGGLED}
    site.assert_sound()


@pytest.mark.parametrize("size", [255, 256, 257, 4095, 4096, 4097, 16383, 16384, 16385, 65535,
                                  65536, 65537, 1 << 20])
def test_no_length_is_truncated(stage, size):
    """Property 5: bodies, names, values and targets of awkward sizes are carried whole or refused."""
    site = Site(stage, lambda request: plain(request.body or b"x" * size))
    body = random.Random(size).randbytes(size)
    with site.client() as client:
        client.send(head(f"Content-Length: {size}", start="POST /length HTTP/1.1"))
        client.send(body)
        assert client.response().body == body
        client.send(head("Transfer-Encoding: chunked", start="POST /chunked HTTP/1.1"))
        client.send(b"%x\r\n" % size + body + b"\r\n0\r\n\r\n")
        assert client.response().body == body
        assert client.get("/answer").body == b"x" * size
    for data in (f"GET /{'t' * size} HTTP/1.1\r\nHost: t\r\n\r\n",
                 f"GET /name HTTP/1.1\r\nHost: t\r\n{'n' * size}: x\r\n\r\n",
                 f"GET /value HTTP/1.1\r\nHost: t\r\nX: {'v' * size}\r\n\r\n"):
        before = len(site.origin.whole)
        answer = site.exchange(data)
        if len(site.origin.whole) == before:
            assert not answer or status_of(answer) in (400, 414, 431), answer[:200]
            assert size > 4000
            continue
        text = site.origin.whole[-1].head
        assert data.split(" HTTP/1.1")[0] in text
        assert ("n" * size in text) if "/name" in data else True
        assert ("v" * size in text) if "/value" in data else True
    assert get(site.port, "/still-there").status == 200
    assert site.appliance.data_process() == site.process


@pytest.mark.parametrize("length", [(1 << 31) - 1, 1 << 31, (1 << 31) + 1, (1 << 32) - 1, 1 << 32,
                                    (1 << 32) + 5, (1 << 63) - 1])
def test_huge_lengths_are_told_as_they_are(stage, length):
    """A declared length beyond 31 and 32 bits goes through both ways, or is refused; a few bytes
    never fulfil it."""
    def serve(peer):
        line, _, text = peer.head()
        heads.append(text)
        if " /down" in line:
            peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello")
        peer.more()

    heads = []
    port = stage.port()
    origin = stage.script(serve)
    stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    with Client(port) as client:
        client.send("GET /down HTTP/1.1\r\nHost: t\r\n\r\n")
        line, fields, _ = client.head()
        if line.split(" ")[1] == "200":
            assert ("Content-Length", str(length)) in [(k.title(), v) for k, v in fields]
            assert client.exactly(5) == b"hello"
            assert client.is_open()
        else:
            assert line.split(" ")[1] == "502"
        client.reset()
    with Client(port) as client:
        client.send(head(f"Content-Length: {length}", start="POST /up HTTP/1.1") + "hello")
        wait_until(lambda: len(heads) == 2 or not client.is_open(), "it is sent on or refused")
        if len(heads) == 2:
            assert f"content-length: {length}\r\n" in heads[1].lower()
        assert client.is_open() or status_of(client.all()) in (400, 413)
        client.reset()


# ---------------------------------------------------------------- halves that must not look whole

UPLOADS = {
    "length": head("Content-Length: 10", start="POST /up HTTP/1.1") + "hello",
    "one byte short": head("Content-Length: 6", start="POST /up HTTP/1.1") + "hello",
    "chunk data": head("Transfer-Encoding: chunked", start="POST /up HTTP/1.1") + "5\r\nhel",
    "after a chunk": head("Transfer-Encoding: chunked", start="POST /up HTTP/1.1")
                     + "5\r\nhello\r\n",
    "chunk size": head("Transfer-Encoding: chunked", start="POST /up HTTP/1.1") + "5\r\nhello\r\n0",
    "last chunk": head("Transfer-Encoding: chunked", start="POST /up HTTP/1.1")
                  + "5\r\nhello\r\n0\r\n",
    "trailers": head("Transfer-Encoding: chunked", start="POST /up HTTP/1.1")
                + "5\r\nhello\r\n0\r\nX: y\r\n",
    "head": "POST /up HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n",
}


@pytest.mark.parametrize("ends", ["shut", "reset"])
@pytest.mark.parametrize("where", UPLOADS)
def test_an_aborted_upload_never_looks_whole(stage, where, ends):
    """Property 7: the client goes in the middle, politely or not. The origin's connection breaks,
    and nobody uses it again."""
    site = Site(stage)
    with site.client() as client:
        client.send(UPLOADS[where])
        if where != "head":
            wait_until(lambda: b"POST /up" in site.origin.bytes()
                       or not client.is_open(), "the head has gone on")
        if ends == "reset":
            client.reset()
        else:
            client.shut()
            answer = rest_of(client)
            assert not answer or status_of(answer) in REFUSALS, answer
    wait_until(lambda: site.appliance.vserver("web")["clients"] == 0, "it has left")
    wait_until(lambda: site.appliance.service("s")["active"] == 0, "the server's side too")
    site.assert_sound()
    assert "/up" not in site.origin.targets()


CUTS = {
    "length": "Content-Length: 10\r\n\r\nhello",
    "one byte short": "Content-Length: 6\r\n\r\nhello",
    "no body yet": "Content-Length: 5\r\n\r\n",
    "chunk size": "Transfer-Encoding: chunked\r\n\r\n5",
    "chunk data": "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "after a chunk": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "last chunk": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "trailers": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n",
    "bad chunk": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n0\r\n\r\n",
    "huge chunk": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10000000000000000\r\n0\r\n\r\n",
}


def whole_answer(client, version):
    """The answer to a GET, or None when it does not look whole."""
    try:
        client.send(f"GET / HTTP/1.{version}\r\nHost: t\r\n\r\n")
        return client.response()
    except (EOFError, ConnectionResetError, ValueError, AssertionError):
        return None


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("ends", ["close", "reset"])
@pytest.mark.parametrize("where", CUTS)
def test_a_cut_answer_never_looks_whole(stage, where, ends, version):
    """Property 7, the other way; a client of HTTP/1.0, for which the end of the connection is the
    end of the body, must see a reset."""
    def serve(peer):
        peer.request()
        peer.send("HTTP/1.1 200 OK\r\n" + CUTS[where])
        if ends == "reset":
            threading.Event().wait(0.05)  # a reset right away would take the bytes with it
            peer.reset()

    port = stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    with Client(port) as client:
        answer = whole_answer(client, version)
    assert answer is None or answer.status == 502, answer
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "the client has left")


def test_a_reset_in_a_body_without_length(stage):
    """The end of the server's connection is the end of the body, a reset is not."""
    def serve(peer):
        peer.request()
        peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
        threading.Event().wait(0.05)
        peer.reset()

    port = stage.port()
    origin = stage.script(serve)
    stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    for version in (0, 1):
        with Client(port) as client:
            answer = whole_answer(client, version)
        assert answer is None or answer.status == 502, answer


# ---------------------------------------------------------------- answers

BAD_ANSWERS = [
    "\r\n\r\n", "x", "HTTP/1.1\r\n\r\n", "HTTP/1.1 \r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n",
    "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1200 OK\r\nContent-Length: 0\r\n\r\n",
    " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 O\x00K\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\nX: y\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\n: empty\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nnonsense",
    "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 5000 + "Content-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nX: " + "y" * 200000 + "\r\nContent-Length: 5\r\n\r\nhello",
]


def test_malformed_answers(stage):
    """Property 8: 502 or a cut, and the next client gets its own."""
    def serve(peer):
        request = peer.request()
        if request is None:
            return
        if request.target.startswith("/bad"):
            peer.send(BAD_ANSWERS[int(request.target[4:])])
        else:
            peer.send(plain(request.target, fields="Connection: close\r\n"))

    port = stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    process, wrong = appliance.data_process(), []
    for number, answer in enumerate(BAD_ANSWERS):
        with Client(port) as client:
            client.send(f"GET /bad{number} HTTP/1.1\r\nHost: t\r\n\r\n")
            client.shut()
            got = rest_of(client)
        final = re.sub(rb"^(HTTP/1\.1 10[02].*?\r\n\r\n)*", b"", got, flags=re.S)
        if final and status_of(final) != 502:
            wrong.append((answer[:100], got[:200]))
        if is_stale(got):
            wrong.append((answer[:100], "a stale byte"))
        if get(port, f"/good{number}").body != b"/good%d" % number:
            wrong.append((answer[:100], "the next answer"))
    assert not wrong, "\n".join(map(repr, wrong))
    assert appliance.data_process() == process


@pytest.mark.parametrize("when", ["at once", "idle"])
def test_bytes_after_an_answer_reach_no_other_client(stage, when):
    """Property 8: an origin that answers twice, in one packet, or when its connection waits for the
    next request: whoever asks next gets an answer of its own."""
    sent = threading.Semaphore(0)

    def serve(peer):
        while (request := peer.request()) is not None:
            answer, stolen = plain(request.target), plain("stolen from " + request.target)
            if when == "at once":
                peer.send(answer + stolen)
            else:
                peer.send(answer)
                take.acquire(timeout=30)
                try:
                    peer.send(stolen)
                except ConnectionError:
                    pass
            sent.release()

    take = threading.Semaphore(0)
    port = stage.port()
    origin = stage.script(serve)
    stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    with Client(port) as other:
        for number in range(200):
            client = other if number % 2 else Client(port)
            assert client.get(f"/{number}").body == b"/%d" % number
            take.release()
            assert sent.acquire(timeout=30)
            if client is not other:
                client.close()


def test_a_body_for_head_and_304_reaches_nobody(stage):
    """An origin that sends a body where none may be: it is thrown away with its connection."""
    def answer(request):
        if request.method == "HEAD":
            return plain("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen")
        if request.target == "/304":
            return b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n" + plain("stolen")
        return plain(request.target)

    site = Site(stage, answer)
    for number in range(50):
        with site.client() as client:
            assert client.get("/x", method="HEAD").status == 200
            assert client.get(f"/{number}").body == b"/%d" % number
            assert client.get("/304").status == 304
            assert client.get(f"/{number}").body == b"/%d" % number
    site.assert_sound()


# ---------------------------------------------------------------- memory

def test_no_stale_byte_in_anything_sent(stage):
    """Property 11: bodies of all sizes, errors of all kinds, both ways; in the sanitizer builds
    every fresh and freed buffer holds the pattern."""
    site = Site(stage, lambda request: plain("y" * int(request.target[1:] or 0)
                                             if request.target[1:].isdigit() else "z"))
    chance = random.Random(11)
    for turn in range(60 if IS_SANITIZED else 200):
        size = chance.choice([0, 1, 100, 4000, 16000, 16384, 17000, 70000, 300000])
        with site.client() as client:
            assert client.get(f"/{size}").body == b"y" * size
            client.send(head(f"Content-Length: {size}", start="POST /up HTTP/1.1") + "b" * size)
            assert client.response().status == 200
            client.send("GET /1 HTTP/1.1\r\nHost: t\r\n\r\n" * 5)
            for _ in range(5):
                assert client.response().body == b"y"
        for broken in ("GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET /" + "x" * 100000,
                       "GET / HTTP/1.1\r\nHost: t\r\n" + "A: b\r\n" * 200 + "\r\n",
                       "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9999\r\n\r\nshort", ""):
            site.exchange(broken)
    site.assert_sound()
    site.appliance.do("disable service s")
    wait_until(lambda: get(site.port).status == 503, "nobody serves")
    assert not is_stale(site.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n"))
    site.appliance.do("enable service s")
    wait_until(lambda: get(site.port).status == 200, "it serves again")


def test_a_client_that_goes_at_every_byte(stage):
    """Property 13: reset and half-closed after each byte of a request with a chunked body and of
    the next one behind it."""
    site = Site(stage)
    data = (head("Transfer-Encoding: chunked", "Expect: 100-continue", start="POST /a HTTP/1.1")
            + "5;x\r\nhello\r\n0\r\nX: y\r\n\r\nGET /b HTTP/1.1\r\nHost: t\r\n\r\n").encode()
    for cut in range(len(data) + 1):
        for ends in ("reset", "close", "shut"):
            with site.client() as client:
                client.send(data[:cut])
                if ends == "reset":
                    client.reset()
                elif ends == "shut":
                    client.shut()
                    rest_of(client)
    site.assert_sound()


@pytest.mark.parametrize("ends", ["close", "reset"])
def test_a_server_that_goes_at_every_byte(stage, ends):
    """Property 13: after each byte of an answer; what the client gets is whole or visibly cut, and
    whole only when the answer was."""
    answer = (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
              b"\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n")

    def serve(peer):
        request = peer.request()
        peer.send(answer[:int(request.target[1:])])
        if ends == "reset":
            threading.Event().wait(0.002)
            peer.reset()

    port = stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""", 2)
    process = appliance.data_process()
    for cut in range(len(answer) + 1):
        with Client(port) as client:
            try:
                client.send(f"GET /{cut} HTTP/1.1\r\nHost: t\r\n\r\n")
                response = client.response()
                while response.status < 200:
                    response = client.response()
                whole = response.status == 200
            except (EOFError, ConnectionResetError, ValueError):
                whole = False
        assert not whole or cut == len(answer), cut
    assert appliance.data_process() == process


def mutations(chance, data):
    """One to four small damages."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        kind = chance.randrange(5)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data.insert(at, chance.choice(b"\r\n\x00 \t:;,0a\xff"))
        elif kind == 2:
            del data[at]
        elif kind == 3:
            end = min(len(data), at + chance.randrange(40))
            data[at:at] = data[at:end]
        else:
            del data[at:at + chance.randrange(20)]
        if not data:
            return b""
    return bytes(data)


def test_random_damage_reaches_no_assertion(stage):
    """Property 15: thousands of damaged requests and answers; the data process lives, and every
    whole request at the origin is one that the strict reader would take."""
    seed = int(os.environ.get("SECURITY_SEED", random.randrange(1 << 30)))
    print("seed", seed)
    chance = random.Random(seed)
    good = plain("hello", fields="X: y\r\n")
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

    def serve(peer):
        peer.sock.settimeout(5)
        while data := peer.more():
            if b"/still-there" in data:
                peer.send(plain("/still-there"))
            else:
                peer.send(mutations(random.Random(len(data) * seed), chance.choice([good, chunked])))

    port = stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO -svrTimeout 1
add lb vserver web HTTP 127.0.0.1 {port} -cltTimeout 1
bind lb vserver web s
""", 2)
    process = appliance.data_process()
    seeds = [head("Content-Length: 5", start="POST /a HTTP/1.1").encode() + b"hello",
             head("Transfer-Encoding: chunked").encode() + b"5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n",
             head("Connection: Upgrade", "Upgrade: x", start="GET /c HTTP/1.1").encode() + b"data",
             b"GET http://t:80/d?e HTTP/1.1\r\nHost: t:80\r\nTE: trailers\r\nCookie: a=b\r\n\r\n" * 2]
    for _ in range(500 if IS_SANITIZED else 3000):
        with Client(port) as client:
            try:
                client.send(mutations(chance, chance.choice(seeds)))
                client.sock.settimeout(0.005)
                client.more()
            except (OSError, EOFError):
                pass
    assert appliance.data_process() == process, appliance.log()
    wait_until(appliance.is_quiet, "all have left")


def test_random_damage_to_a_relay(stage):
    """A TCP relay carries every byte as it is."""
    port = stage.port()
    origin = stage.script(greets("echo"))
    stage.run(f"""
add service t 127.0.0.1 TCP {origin.port} -healthMonitor NO
add lb vserver tcp1 TCP 127.0.0.1 {port}
bind lb vserver tcp1 t
""")
    data = random.Random(5).randbytes(1 << 20)
    with Client(port) as client:
        client.until(b"\n")
        for start in range(0, len(data), 65536):
            client.send(data[start:start + 65536])
            assert client.exactly(65536) == data[start:start + 65536]


# ---------------------------------------------------------------- resources

FLOODS = {
    "a field without end": "X: " + "y" * (1 << 20),
    "a name without end": "x" * (1 << 20),
    "fields without end": "X: y\r\n" * 200000,
    "cookies without end": "Cookie: a=b\r\n" * 100000,
    "129 fields": "X: y\r\n" * 129 + "\r\n",
    "1000 fields": "X: y\r\n" * 1000 + "\r\n",
}


@pytest.mark.parametrize("what", FLOODS)
def test_a_flood_of_fields_is_refused(stage, what):
    """Property 16: refused long before its end, nothing of it reaches the origin, and it costs no
    more memory than its bound."""
    site = Site(stage)
    site.exchange("GET /warm HTTP/1.1\r\nHost: t\r\n\r\n")
    before = site.appliance.memory()[0]
    for _ in range(20):
        answer = site.exchange("GET /flood HTTP/1.1\r\nHost: t\r\n" + FLOODS[what])
        assert not answer or status_of(answer) in (400, 431), answer[:200]
    assert "/flood" not in site.origin.targets()
    assert b"/flood" not in site.origin.bytes()
    assert site.appliance.memory()[0] - before < 20 << 20
    site.assert_sound()


def test_empty_lines_without_end(stage):
    """Before a request: a few are skipped, a flood is not."""
    site = Site(stage)
    with site.client() as client:
        try:
            for _ in range(100):
                client.send("\r\n" * 10000)
            client.shut()
            assert status_of(client.all()) in (None, 400)
        except ConnectionError:
            pass
    site.assert_sound()


def test_half_heads_cost_little(stage):
    """Property 18 and the bound on memory: a thousand clients that have sent 8 KiB of a head and
    say no more; others are served, and all are let go in the end."""
    site = Site(stage, engines=2, vserver="-cltTimeout 3")
    count = 200 if IS_SANITIZED else 1000
    before = site.appliance.memory()[0]
    with crowd(count, site.port) as clients:
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: t\r\nX: " + "y" * 8192)
        assert get(site.port, "/meanwhile").body == b"/meanwhile"
        wait_until(lambda: all(map(is_over, clients)), "all were let go")
        assert site.appliance.memory()[1] - before < count * 100 * 8192
    site.assert_sound()


def data_bytes(process):
    """Writable private memory: what RLIMIT_DATA limits."""
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return int(re.search(r"VmData:\s*(\d+)", status.read()).group(1)) << 10


@pytest.mark.skipif(IS_SANITIZED, reason="the sanitizers need memory of their own")
def test_out_of_memory(stage):
    """Property 21: half heads until no memory is left. No exit and no spin, and when there is
    memory again, service resumes by itself."""
    site = Site(stage, engines=2)
    most = data_bytes(site.process) + (8 << 20)
    resource.prlimit(site.process, resource.RLIMIT_DATA, (most, -1))
    with crowd(900, site.port) as clients:
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: t\r\nX: " + "y" * 24000)
        wait_until(lambda: data_bytes(site.process) > most - (1 << 20), "memory is out")
        before = cpu_seconds(site.appliance)
        threading.Event().wait(1)
        assert cpu_seconds(site.appliance) - before < 0.3
        resource.prlimit(site.process, resource.RLIMIT_DATA, (-1, -1))
        assert get(site.port, "/again").body == b"/again"
        for client in clients:
            client.reset()
    wait_until(site.appliance.is_quiet, "all have left")
    site.assert_sound()


def test_slow_bodies_are_let_go(stage):
    """A body of which nothing comes any more: the client is let go, the origin sees no whole
    request, and its connection is free."""
    site = Site(stage, vserver="-cltTimeout 1")
    with crowd(20, site.port) as clients:
        for client in clients:
            client.send(head("Content-Length: 100", start="POST /slow HTTP/1.1") + "some")
        wait_until(lambda: all(map(is_over, clients)), "all were let go")
    wait_until(lambda: site.appliance.service("s")["active"] == 0, "the origin's side too")
    assert "/slow" not in site.origin.targets()
    site.assert_sound()


def test_limits_are_whole_after_a_crash(stage):
    """Properties 14 and 22: kill -SEGV again and again under load; each time exactly the limit is
    served by the primary again and the rest by the backup."""
    ports = [stage.port() for _ in range(2)]
    main, spare = stage.script(greets("main")), stage.script(greets("spare"))
    appliance = stage.run(f"""
add service m 127.0.0.1 TCP {main.port} -healthMonitor NO
add service b 127.0.0.1 TCP {spare.port} -healthMonitor NO
add lb vserver backup TCP 0.0.0.0 0
add lb vserver tcp1 TCP 127.0.0.1 {ports[0]} -soMethod CONNECTION -soThreshold 20 -backupVServer backup
bind lb vserver tcp1 m
bind lb vserver backup b
""", 4)
    number = signal.SIGKILL if IS_SANITIZED else signal.SIGSEGV
    for _ in range(3):
        stop = threading.Event()
        load = [threading.Thread(target=come_and_go, args=(ports[0], stop)) for _ in range(4)]
        for thread in load:
            thread.start()
        wait_until(lambda: appliance.vserver("tcp1")["clients_total"] > 50, "there is load")
        old = appliance.data_process()
        os.kill(old, number)
        wait_until(lambda: appliance.data_process() not in (None, old), "it is back")
        wait_until(appliance.is_ready, "commands are answered")
        stop.set()
        for thread in load:
            thread.join()
        wait_until(appliance.is_quiet, "all have left")
        with crowd(50, ports[0]) as clients:
            assert tcp_names(clients) == {"main": 20, "spare": 30}
        wait_until(appliance.is_quiet, "all have left again")
        for name in ("tcp1", "backup"):
            assert all(value >= 0 for value in appliance.vserver(name).values())


def come_and_go(port, stop):
    while not stop.is_set():
        try:
            with Client(port, limit=5) as client:
                client.until(b"\n")
        except (OSError, EOFError):
            pass


def test_uses_come_back_from_broken_exchanges(stage):
    """Property 22: whatever breaks on either side, the uses of the limit come back: afterwards
    exactly so many fit as before."""
    site = Site(stage, engines=2, vserver="-soMethod CONNECTION -soThreshold 8")
    for data in (b"", b"GET", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01", SMUGGLED[:-2], SMUGGLED * 3,
                 UPLOADS["length"].encode(), UPLOADS["chunk data"].encode()):
        for ends in ("close", "reset", "shut"):
            with crowd(8, site.port) as clients:
                for client in clients:
                    try:
                        client.send(data)
                        if ends == "reset":
                            client.reset()
                        elif ends == "shut":
                            client.shut()
                    except OSError:
                        pass
            wait_until(site.appliance.is_quiet, (data, ends))
    with crowd(8, site.port) as clients:
        for client in clients:
            assert client.get("/in").status == 200
        assert site.appliance.vserver("web")["clients"] == 8
        with Client(site.port) as one_more:
            assert one_more.get().status == 503
    wait_until(site.appliance.is_quiet, "all have left")
    site.assert_sound()


def test_a_full_log_stops_nobody(stage):
    """Property 21: standard error goes to a device that is full."""
    import subprocess

    import spillway

    origin, port = stage.script(answers(plain("fine"))), stage.port()
    path, cli = stage.folder / "full.conf", str(stage.folder / "full.sock")
    path.write_text(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""")
    with open("/dev/full", "wb", buffering=0) as full:
        process = subprocess.Popen([spillway.BINARY, "run", "-c", str(path), "--engines", "1",
                                    "--socket", cli], stdin=subprocess.DEVNULL, stdout=full,
                                   stderr=full)
    try:
        wait_until(lambda: spillway.is_listening(port), "it listens")
        for _ in range(20):
            assert get(port).body == b"fine"
            with Client(port) as client:
                client.send("nonsense\r\n\r\n")
                assert client.response().status == 400
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(30) == 0
