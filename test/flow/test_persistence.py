# SPDX-License-Identifier: Apache-2.0
"""Clients come back to the service that served them: every type of persistence, by what arrives at
the origins, on one engine and on four; over changes, and over the death of the data process."""
import os
import re
import signal

import pytest

from spillway import (Client, GateOrigin, answers, crowd, field, greets, plain, tcp_names,
                      wait_until)
from test_spillover import two_pools

both = pytest.mark.parametrize("engines", [1, 4])
COOKIE = re.compile(r"(\S+?)=([0-9a-f]{24})(?:; Max-Age=(\d+))?; Path=/; HttpOnly$")
CLIENTS = [f"127.4.{index}.9" for index in range(12)]


def site(stage, engines, options, protocol="HTTP", count=4, addresses=("127.0.0.1",), more=()):
    """Services s0.. named a.. behind a virtual server v; round robin unless said otherwise."""
    lines, names = [], "abcdefgh"[:count]
    origins = [stage.script(answers(plain(name)) if protocol == "HTTP" else greets(name))
               for name in names]
    port = stage.port()
    lines.append(f"add lb vserver v {protocol} {addresses[0]} {port} -lbMethod ROUNDROBIN {options}")
    for index, origin in enumerate(origins):
        extra = more[index] if more else ""
        lines += [f"add service s{index} 127.0.0.1 {protocol} {origin.port} -healthMonitor NO {extra}",
                  f"bind lb vserver v s{index}"]
    return stage.run("\n".join(lines) + "\n", engines), port, origins


def ask(port, source=None, path="/", fields=""):
    with Client(port, source=(source, 0) if source else None) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n")
        return client.response()


def name(port, source=None, path="/", fields=""):
    return ask(port, source, path, fields).body.decode()


def greeted(port, source):
    with Client(port, source=(source, 0)) as client:
        return tcp_names([client]).popitem()[0]


def sessions(here, which=""):
    text = here.do(f"show lb persistentSessions {which}")
    return int(re.search(r"persistent sessions: (\d+)", text).group(1)), text


def is_spread(choose, engines, times=12):
    """Nobody is known: one engine goes round, four go round each for itself."""
    return len({choose() for _ in range(times)}) >= (4 if engines == 1 else 2)


def held(choose, keys, least=3):
    """Where each key came at first; always there, and the keys to many."""
    first = {key: choose(key) for key in keys}
    for _ in range(3):
        assert {key: choose(key) for key in keys} == first
    assert len(set(first.values())) >= least, first
    return first


@both
@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
def test_source(stage, engines, protocol):
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP", protocol)
    choose = (lambda key: name(port, key)) if protocol == "HTTP" else (lambda key: greeted(port, key))
    held(choose, CLIENTS)
    count, text = sessions(here, "v")
    assert count == len(CLIENTS)
    assert all(f"v  SOURCEIP  {client}  s" in text for client in CLIENTS), text
    assert here.vserver("v")["persistent"] >= 3 * len(CLIENTS)


@both
def test_source_mask(stage, engines):
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP -persistMask 255.255.0.0")
    assert len({name(port, client) for client in CLIENTS}) == 1
    here.do("set lb vserver v -persistMask 255.255.255.0")
    held(lambda key: name(port, key), CLIENTS)


@both
def test_requests_of_one_connection(stage, engines):
    """Every request is the same client's, whatever the method would say."""
    _, port, _ = site(stage, engines, "-persistenceType SOURCEIP")
    with Client(port, source=(CLIENTS[0], 0)) as client:
        names = {client.get().body for _ in range(8)}
    assert len(names) == 1


@both
def test_destination(stage, engines):
    """All clients of one reached address are together; a wildcard has many addresses."""
    _, port, _ = site(stage, engines, "-persistenceType DESTIP", addresses=("0.0.0.0",))

    def to(address, source):
        with Client(port, host=address, source=(source, 0)) as client:
            return client.get().body
    places = {f"127.0.0.{last}": to(f"127.0.0.{last}", CLIENTS[0]) for last in range(1, 13)}
    assert len(set(places.values())) >= 3
    for address, place in places.items():
        assert {to(address, client) for client in CLIENTS} == {place}


@both
def test_source_and_destination(stage, engines):
    here, port, _ = site(stage, engines, "-persistenceType SRCIPDESTIP", addresses=("0.0.0.0",))

    def to(key):
        with Client(port, host=key[0], source=(key[1], 0)) as client:
            return client.get().body
    held(to, [(address, client) for address in ("127.0.0.1", "127.0.0.2") for client in CLIENTS])
    assert "SRCIPDESTIP  127.4.0.9 to 127.0.0.2  s" in sessions(here)[1]


@both
def test_cookie(stage, engines):
    """The answer brings it, the client shows it, and is not given it again."""
    here, port, _ = site(stage, engines, "-persistenceType COOKIEINSERT")
    names = set()
    for _ in range(8):
        answer = ask(port)
        key, value, age = COOKIE.match(field(answer, "Set-Cookie")).groups()
        assert (key, age) == ("NSC_v", "120")
        names.add(answer.body)
        for _ in range(4):
            again = ask(port, fields=f"Cookie: x=y; {key}={value}; z\r\n")
            assert again.body == answer.body and field(again, "Set-Cookie") is None
    assert len(names) >= (4 if engines == 1 else 2)
    here.do("set lb vserver v -cookieName mine -timeout 0")
    key, value, age = COOKIE.match(field(ask(port), "Set-Cookie")).groups()
    assert (key, age) == ("mine", None)
    here.do("set lb parameter -httpOnlyCookieFlag DISABLED")
    assert field(ask(port), "Set-Cookie").endswith("; Path=/")
    here.do("set lb parameter -httpOnlyCookieFlag ENABLED")
    assert sessions(here)[0] == 0


@both
def test_cookie_over_a_restart(stage, engines):
    """Of the whole appliance: who has a cookie comes back to where he was."""
    here, port, _ = site(stage, engines, "-persistenceType COOKIEINSERT")
    first = [ask(port) for _ in range(4)]
    here = stage.again(here)
    for answer in first:
        key, value, _ = COOKIE.match(field(answer, "Set-Cookie")).groups()
        again = ask(port, fields=f"Cookie: {key}={value}\r\n")
        assert again.body == answer.body and field(again, "Set-Cookie") is None
    assert here.vserver("v")["persistent"] == 4


@both
def test_cookie_that_is_wrong(stage, engines):
    """What a client made up, or has from elsewhere, leads nowhere: it is balanced and told anew."""
    here, port, _ = site(stage, engines, "-persistenceType COOKIEINSERT")
    value = COOKIE.match(field(ask(port), "Set-Cookie")).group(2)
    flipped = f"{int(value[0], 16) ^ 1:x}{value[1:]}"
    for wrong in (flipped, value[:16] + "00000000", "0" * 24, "", "x" * 24, value + "00", "%00" * 8):
        assert COOKIE.match(field(ask(port, fields=f"Cookie: NSC_v={wrong}\r\n"), "Set-Cookie"))
        if wrong != value[:16] + "00000000":  # that may be young: the machine was just started
            assert is_spread(lambda: name(port, fields=f"Cookie: NSC_v={wrong}\r\n"), engines)
    other = stage.port()
    here.do(f"add lb vserver w HTTP 127.0.0.1 {other} -persistenceType COOKIEINSERT -cookieName NSC_v",
            *[f"bind lb vserver w s{index}" for index in range(4)])
    assert field(ask(other, fields=f"Cookie: NSC_v={value}\r\n"), "Set-Cookie") is not None


@both
def test_cookie_of_an_unbound_service(stage, engines):
    here, port, _ = site(stage, engines, "-persistenceType COOKIEINSERT")
    answer = ask(port)
    value = COOKIE.match(field(answer, "Set-Cookie")).group(2)
    service = "s" + str("abcd".index(answer.body.decode()))
    here.do(f"unbind lb vserver v {service}")
    again = ask(port, fields=f"Cookie: NSC_v={value}\r\n")
    assert again.body != answer.body and field(again, "Set-Cookie") is not None
    here.do(f"bind lb vserver v {service}")
    assert ask(port, fields=f"Cookie: NSC_v={value}\r\n").body == answer.body


@both
def test_backup_by_source(stage, engines):
    """Who shows no cookie is known by the address meanwhile."""
    here, port, _ = site(stage, engines, "-persistenceType COOKIEINSERT -persistenceBackup SOURCEIP "
                                         "-backupPersistenceTimeout 5")
    held(lambda key: name(port, key), CLIENTS)
    answers_ = {client: ask(port, client) for client in CLIENTS}
    assert all(field(answer, "Set-Cookie") for answer in answers_.values())
    value = COOKIE.match(field(answers_[CLIENTS[0]], "Set-Cookie")).group(2)
    for client in CLIENTS:  # a cookie counts more than an address
        assert ask(port, client, fields=f"Cookie: NSC_v={value}\r\n").body == answers_[CLIENTS[0]].body
    left = [int(seconds) for seconds in re.findall(r"(\d+) s$", sessions(here)[1], re.M)]
    assert len(left) == len(CLIENTS) and all(200 < seconds <= 300 for seconds in left)


RULES = {
    'HTTP.REQ.HEADER("X-User")': lambda key: {"fields": f"X-User: {key}\r\n"},
    'http.req.cookie.value("id")': lambda key: {"fields": f"Cookie: a=b; id={key}\r\n"},
    'HTTP.REQ.URL.QUERY.VALUE("id")': lambda key: {"path": f"/x?a=b&id={key}"},
    'HTTP.REQ.URL': lambda key: {"path": f"/{key}"},
    'CLIENT.IP.SRC': lambda key: {"source": CLIENTS[key]},
}


@both
@pytest.mark.parametrize("rule", RULES)
def test_rule(stage, engines, rule):
    _, port, _ = site(stage, engines, f"-persistenceType RULE -rule q/{rule}/")
    held(lambda key: name(port, **RULES[rule](key)), range(12))
    if "HEADER" in rule:  # without it nobody is known
        assert is_spread(lambda: name(port), engines)


@both
def test_url_passive(stage, engines):
    """The URL says address and port of the service."""
    _, port, origins = site(stage, engines,
                            '-persistenceType URLPASSIVE -rule q/HTTP.REQ.URL.QUERY.VALUE("sid")/')
    for index, origin in enumerate(origins):
        for case in (str.upper, str.lower):
            sid = case(f"7F000001{origin.port:04X}")
            assert {name(port, path=f"/?sid={sid}") for _ in range(3)} == {"abcd"[index]}
    for wrong in ("7F0000010001", "7F00", "zz", ""):
        assert is_spread(lambda: name(port, path=f"/?sid={wrong}"), engines)


@both
def test_custom_server_id(stage, engines):
    here, port, _ = site(stage, engines,
                         '-persistenceType CUSTOMSERVERID -rule q/HTTP.REQ.URL.QUERY.VALUE("at")/',
                         more=[f"-CustomServerID place{index}" for index in range(4)])
    for index in range(4):
        assert {name(port, path=f"/?at=place{index}") for _ in range(3)} == {"abcd"[index]}
    assert is_spread(lambda: name(port, path="/?at=place"), engines)
    here.do("set service s1 -CustomServerID moon")
    assert name(port, path="/?at=moon") == "b"
    member = stage.script(answers(plain("member")))
    here.do("add serviceGroup g HTTP -healthMonitor NO",
            f"bind serviceGroup g 127.0.0.1 {member.port} -CustomServerID deep -hashId 7",
            "bind lb vserver v g")
    assert {name(port, path="/?at=deep") for _ in range(6)} == {"member"}
    assert "-CustomServerID deep -hashId 7" in here.running_config()
    assert "out of range" in here.refuse("bind serviceGroup g 127.0.0.2 81 -hashId 0")


@both
def test_service_that_is_down(stage, engines):
    """Its clients go elsewhere and stay there."""
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP")
    first = held(lambda key: name(port, key), CLIENTS)
    here.do("disable service s0")
    wait_until(lambda: not here.is_up("s0"), "it is disabled")
    second = {client: name(port, client) for client in CLIENTS}
    assert "a" not in second.values()
    assert all(second[client] == first[client] for client in CLIENTS if first[client] != "a")
    here.do("enable service s0")
    wait_until(lambda: here.is_up("s0"), "it is enabled")
    assert {client: name(port, client) for client in CLIENTS} == second


@both
def test_service_that_is_full(stage, engines):
    """A client waits for its service while others have room; a new client goes to those."""
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP", "TCP", 2)
    first = greeted(port, CLIENTS[0])
    service = "s" + str("ab".index(first))
    here.do(f"set service {service} -maxClient 1")
    with Client(port, source=(CLIENTS[0], 0)) as one, Client(port, source=(CLIENTS[0], 0)) as two:
        wait_until(lambda: here.service(service)["waiting"] == 1, "one of them waits")
        for client in CLIENTS[1:5]:
            assert greeted(port, client) != first


@both
def test_clear(stage, engines):
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP -timeout 1440")
    held(lambda key: name(port, key), CLIENTS)
    here.do(f"clear lb persistentSessions v -persistenceParameter {CLIENTS[0]}")
    assert sessions(here)[0] == len(CLIENTS) - 1
    here.do("clear lb persistentSessions v")
    assert sessions(here) == (0, "persistent sessions: 0\n")
    assert "there is no lb vserver x" in here.refuse("show lb persistentSessions x")
    assert "there is no lb vserver x" in here.refuse("clear lb persistentSessions x")


@both
def test_clear_a_text(stage, engines):
    """What -rule found is named as the request has it."""
    here, port, _ = site(stage, engines, "-persistenceType RULE -rule q/HTTP.REQ.HEADER(\"user\")/")
    for user in ("ann", "bob", "10.0.0.1"):
        name(port, fields=f"user: {user}\r\n")
    for user in ("ann", "10.0.0.1"):
        assert "cleared: 1\n" in here.do(f"clear lb persistentSessions v -persistenceParameter {user}")
    assert "cleared: 0\n" in here.do("clear lb persistentSessions v -persistenceParameter ann")
    assert sessions(here)[0] == 1


@both
def test_survives_changes_and_a_crash(stage, engines):
    """set, a configuration that is read again, kill -9 of the data process: all clients and all
    cookies lead to where they did."""
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP -timeout 60")
    cookies = stage.port()
    here.do(f"add lb vserver c HTTP 127.0.0.1 {cookies} -persistenceType COOKIEINSERT",
            *[f"bind lb vserver c s{index}" for index in range(4)])
    first = held(lambda key: name(port, key), CLIENTS)
    answer = ask(cookies)
    jar = f"Cookie: NSC_c={COOKIE.match(field(answer, 'Set-Cookie')).group(2)}\r\n"

    def is_same():
        return ({client: name(port, client) for client in CLIENTS} == first and
                {name(cookies, fields=jar) for _ in range(4)} == {answer.body.decode()})
    here.do("set lb vserver v -lbMethod LEASTCONNECTION -timeout 30")
    assert is_same()
    text = here.running_config()
    here.do("clear ns config -force basic")
    here.do(*text.splitlines())
    assert is_same()
    child = here.data_process()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: here.data_process() not in (None, child), "the next data process runs")
    wait_until(here.is_ready, "it answers")
    assert is_same()
    assert sessions(here, "v")[0] == len(CLIENTS)


@both
def test_survives_renames(stage, engines):
    """Of the virtual servers, of a service, and then of one that gets the name that was: entries and
    cookies lead to where they did, also in the next data process and after a restart."""
    here, port, _ = site(stage, engines, "-persistenceType SOURCEIP -timeout 60")
    cookies, other = stage.port(), stage.port()
    here.do(f"add lb vserver c HTTP 127.0.0.1 {cookies} -persistenceType COOKIEINSERT",
            *[f"bind lb vserver c s{index}" for index in range(4)])
    first = held(lambda key: name(port, key), CLIENTS)
    answers_ = [ask(cookies) for _ in range(6)]

    def are_cookies_good():
        for answer in answers_:
            again = ask(cookies, fields=jar_of(answer))
            assert (again.body, field(again, "Set-Cookie")) == (answer.body, None)

    def are_same():
        assert {client: name(port, client) for client in CLIENTS} == first
        are_cookies_good()
    here.do("rename lb vserver v w", "rename lb vserver c d", "rename service s1 new")
    are_same()
    count, text = sessions(here, "w")
    assert count == len(CLIENTS) and "w  SOURCEIP  127.4.0.9  " in text
    assert "  new  " in text and "gone" not in text
    assert f"was served by {'new' if first[CLIENTS[0]] == 'b' else 's'}" in \
        here.do(f"explain lb vserver w -clientIP {CLIENTS[0]}")
    # Another one by the old name has entries of its own.
    here.do(f"add lb vserver v HTTP 127.0.0.1 {other} -persistenceType SOURCEIP",
            "bind lb vserver v s0")
    assert name(other, CLIENTS[0]) == "a"
    assert (sessions(here, "v")[0], sessions(here, "w")[0]) == (1, len(CLIENTS))
    are_same()
    child = here.data_process()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: here.data_process() not in (None, child), "the next data process runs")
    wait_until(here.is_ready, "it answers")
    are_same()
    here.do("save config")
    stage.again(here)
    are_cookies_good()


@both
def test_members_survive_renames(stage, engines):
    """Of their group and of their server."""
    origins, port = [stage.script(answers(plain(name))) for name in "ab"], stage.port()
    here = stage.run(f"""
add server m 127.0.0.1
add serviceGroup g HTTP -healthMonitor NO
bind serviceGroup g m {origins[0].port}
bind serviceGroup g m {origins[1].port}
add lb vserver v HTTP 127.0.0.1 {port} -lbMethod ROUNDROBIN -persistenceType SOURCEIP
bind lb vserver v g
""", engines)
    first = held(lambda key: name(port, key), CLIENTS, least=2)
    here.do("rename server m n", "rename serviceGroup g h")
    assert {client: name(port, client) for client in CLIENTS} == first
    assert f"  h?n?{origins[0].port}  " in sessions(here)[1]


def spill_site(stage, engines, protocol="HTTP", limit=1, more=""):
    """web with that limit and its backup spare, clients kept for two minutes."""
    serve = (lambda name: answers(plain(name))) if protocol == "HTTP" else greets
    one, two = stage.script(serve("primary")), stage.script(serve("backup"))
    port = stage.port()
    return stage.run(f"""
add service a 127.0.0.1 {protocol} {one.port} -healthMonitor NO
add service b 127.0.0.1 {protocol} {two.port} -healthMonitor NO
add lb vserver spare {protocol} 0.0.0.0 0
add lb vserver web {protocol} 127.0.0.1 {port} -soMethod CONNECTION -soThreshold {limit} \
    -backupVServer spare -soPersistence ENABLED -soPersistenceTimeOut 2 {more}
bind lb vserver web a
bind lb vserver spare b
""".replace("\\\n", ""), engines), port


@both
@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
def test_spilled_client_stays(stage, engines, protocol):
    """A client that spilled keeps its backup when the primary has room again; others do not. Who
    served last wins; clear lets all go back."""
    here, port = spill_site(stage, engines, protocol)
    who = (lambda key: name(port, key)) if protocol == "HTTP" else (lambda key: greeted(port, key))
    with Client(port, source=(CLIENTS[0], 0)) as client:
        if protocol == "HTTP":
            assert client.get().body == b"primary"
        else:
            assert tcp_names([client]) == {"primary": 1}
        assert {who(CLIENTS[1]), who(CLIENTS[2])} == {"backup"}
    wait_until(lambda: here.vserver("web")["clients"] == 0, "the primary has room")
    for _ in range(3):
        assert (who(CLIENTS[0]), who(CLIENTS[1]), who(CLIENTS[2])) == ("primary", "backup", "backup")
        wait_until(lambda: here.vserver("web")["clients"] == 0, "the primary has room")
    assert here.stat("lb vserver", "web")["kept_by_a_backup"] == 6
    assert f"web  SPILLOVER  {CLIENTS[1]}  spare  " in here.do("show lb persistentSessions web")
    here.do("disable lb vserver spare")
    assert who(CLIENTS[1]) == "primary"
    wait_until(lambda: here.vserver("web")["clients"] == 0, "the primary has room")
    here.do("enable lb vserver spare")
    assert (who(CLIENTS[1]), who(CLIENTS[2])) == ("primary", "backup")
    wait_until(lambda: here.vserver("web")["clients"] == 0, "the primary has room")
    here.do("clear lb persistentSessions web")
    assert who(CLIENTS[2]) == "primary"


def jar_of(answer):
    """The cookie that an answer brings, as the client shows it."""
    return "Cookie: " + field(answer, "Set-Cookie").split(";")[0] + "\r\n"


@both
def test_cookies_tell_clients_of_one_address_apart(stage, engines):
    """Behind one address: the cookie says who was spilled, whoever the address is kept by."""
    here, port = spill_site(stage, engines)
    with Client(port, source=(CLIENTS[0], 0)) as client:
        first = client.get()
        assert first.body == b"primary" and COOKIE.match(field(first, "Set-Cookie"))
        assert field(client.get(fields=jar_of(first)), "Set-Cookie") is None
        second = ask(port, CLIENTS[0])
        assert second.body == b"backup" and field(second, "Set-Cookie").startswith("NSO_web=")

    def is_free():
        return here.vserver("web")["clients"] == 0 and here.vserver("spare")["clients"] == 0
    for _ in range(3):
        for source in CLIENTS[:2]:
            wait_until(is_free, "both have room")
            assert name(port, source, fields=jar_of(second)) == "backup"
            wait_until(is_free, "both have room")
            assert name(port, source, fields=jar_of(first)) == "primary"
    wait_until(is_free, "both have room")
    with Client(port, source=(CLIENTS[5], 0)) as client:  # a request at a time, on one connection
        for jar, who in (first, b"primary"), (second, b"backup"), (first, b"primary"):
            assert client.get(fields=jar_of(jar)).body == who
    wait_until(is_free, "both have room")
    here.do("disable lb vserver spare")
    again = ask(port, CLIENTS[5], fields=jar_of(second))
    assert again.body == b"primary" and jar_of(again).split("=")[1][:16] == jar_of(first).split("=")[1][:16]
    forged = jar_of(second).replace("=", "=0" if "=0" not in jar_of(second) else "=1")[:-3] + "\r\n"
    wait_until(is_free, "both have room")
    assert name(port, CLIENTS[6], fields=forged) == "primary"
    here.do("enable lb vserver spare", "set lb vserver web -soPersistence DISABLED")
    wait_until(is_free, "both have room")
    last = ask(port, CLIENTS[7], fields=jar_of(second))
    assert last.body == b"primary" and field(last, "Set-Cookie") is None


@both
def test_primary_named_by_a_cookie_is_full(stage, engines):
    """Its limit holds for those whom it knows, too: they go where there is room."""
    here, port = spill_site(stage, engines)
    first = ask(port, CLIENTS[0])
    wait_until(lambda: here.vserver("web")["clients"] == 0, "it has left")
    with Client(port, source=(CLIENTS[1], 0)) as client:
        assert client.get().body == b"primary"
        assert name(port, CLIENTS[2], fields=jar_of(first)) == "backup"
        assert here.vserver("web")["clients"] == 1


@both
def test_spilled_client_stays_over_a_crash(stage, engines):
    here, port = spill_site(stage, engines)
    with Client(port, source=(CLIENTS[0], 0)) as client:
        assert client.get().body == b"primary"
        assert name(port, CLIENTS[1]) == "backup"
    wait_until(lambda: here.vserver("web")["clients"] == 0, "the primary has room")
    child = here.data_process()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: here.data_process() not in (None, child), "the next data process runs")
    wait_until(here.is_ready, "it answers")
    assert (name(port, CLIENTS[1]), name(port, CLIENTS[3])) == ("backup", "primary")
    wait_until(lambda: here.vserver("web")["clients"] == 0, "the primary has room")
    here.do("rename lb vserver web site", "rename lb vserver spare reserve")
    assert name(port, CLIENTS[1]) == "backup"
    assert f"site  SPILLOVER  {CLIENTS[1]}  reserve  " in here.do("show lb persistentSessions site")
    assert "reserve served this client last" in here.do(
        f"explain lb vserver site -clientIP {CLIENTS[1]}")
    here.do("set lb vserver site -soPersistence DISABLED")
    assert name(port, CLIENTS[1]) == "primary"


@both
def test_last_uses_are_for_known_clients(stage, engines):
    """With a reserve (T2) new clients spill early; one that the primary knows still gets in."""
    here, port = spill_site(stage, engines, "TCP", 10, "-persistenceType SOURCEIP")
    assert greeted(port, CLIENTS[0]) == "primary"
    wait_until(lambda: here.vserver("web")["clients"] == 0, "it has left")
    here.do("set lb vserver web -soSharedThreshold 4")
    clients = []
    try:
        for index in range(20):
            clients.append(Client(port, source=(f"127.5.{index}.1", 0)))
        names = tcp_names(clients)
        assert names["primary"] <= 6 and names["backup"] >= 14
        assert greeted(port, CLIENTS[0]) == "primary"
    finally:
        for client in clients:
            client.close()


@both
@pytest.mark.parametrize("more", ["-persistenceType SOURCEIP", "-persistenceType COOKIEINSERT",
                                  "-soPersistence ENABLED"])
def test_last_requests_are_for_known_clients(stage, engines, more):
    """The same for requests: by what the client shows, or by its address."""
    config, port, one, two = two_pools(stage, "HTTP", f"-soMethod REQUEST -soThreshold 10 {more}")
    primary = stage.keep(GateOrigin(one, "primary"))
    stage.origin("backup", port=two)
    here = stage.run(config, engines)
    primary.gate.set()
    known = ask(port, CLIENTS[0])
    jar = jar_of(known) if field(known, "Set-Cookie") else ""
    assert known.body == b"primary" and bool(jar) == ("SOURCEIP" not in more)
    wait_until(lambda: here.vserver("web")["requests_active"] == 0, "it is answered")
    primary.gate.clear()
    here.do("set lb vserver web -soSharedThreshold 4")
    with crowd(20, port) as clients, Client(port, source=(CLIENTS[0], 0)) as late:
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait_until(lambda: here.vserver("web")["asked_early"] >= 14, "the rest spills")
        assert here.vserver("web")["requests_active"] == 20 - here.vserver("web")["spilled"] <= 6
        before = here.vserver("web")["requests_active"]
        wait_until(lambda: primary.active == before, "they are there")
        late.send(f"GET / HTTP/1.1\r\nHost: test\r\n{jar}\r\n")
        wait_until(lambda: primary.active == before + 1, "it may have what is left")
        primary.gate.set()
        assert late.response().body == b"primary"


@both
def test_last_requests_of_a_rate_are_for_known_clients(stage, engines):
    config, port, one, two = two_pools(
        stage, "HTTP", "-soMethod REQUESTRATE -soThreshold 100 -persistenceType COOKIEINSERT")
    stage.script(answers(plain("primary")), one), stage.script(answers(plain("backup")), two)
    here = stage.run(config, engines)
    jar = jar_of(ask(port))
    here.do("set lb vserver web -soSharedThreshold 100%")
    for _ in range(4):
        assert name(port) == "backup"
        assert name(port, fields=jar) == "primary"


@pytest.mark.parametrize("command, why", [
    ("-persistenceType RULE", "-rule is missing"),
    ("-persistenceType URLPASSIVE -rule 1", "-rule must be one of"),
    ('-persistenceType RULE -rule q/HTTP.REQ.HEADER("a b")/', "-rule must be one of"),
    ("-persistMask 255.0.255.0", "-persistMask must be a mask"),
    ("-v6persistmasklen 129", "1 to 128"),
    ("-timeout 1441", "0 to 1440"),
    ("-backupPersistenceTimeout 1", "2 to 1440"),
    ("-cookieName 'a;b'", "-cookieName must not"),
    ("-persistenceType COOKIES", "COOKIES"),
])
def test_bad_input(stage, command, why):
    here, port, _ = site(stage, 1, "-persistenceType SOURCEIP", count=1)
    before = here.running_config()
    assert why in here.refuse(f"set lb vserver v {command}")
    assert here.running_config() == before


def test_cookies_are_of_http(stage):
    here, _, _ = site(stage, 1, "", "TCP", 1)
    for kind in ("COOKIEINSERT", 'RULE -rule q/HTTP.REQ.URL/'):
        assert "needs a virtual server of HTTP" in here.refuse(
            f"set lb vserver v -persistenceType {kind}")
