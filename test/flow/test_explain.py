# SPDX-License-Identifier: Apache-2.0
"""explain lb vserver: says of a new client what then happens to one, and why."""
import re

import pytest

from spillway import (Client, answers, crowd, get, greets, is_dropped, plain, tcp_names,
                      wait_until)

ENGINES = [1, 4]


def explained(appliance, name="web", more=""):
    return appliance.do(f"explain lb vserver {name} {more}")


def has(text, *lines):
    for line in lines:
        assert line in text, f"{line}\nis not in\n{text}"


def who(port, source="127.0.0.1"):
    with Client(port, source=(source, 0)) as client:
        return client.until(b"\n").decode().strip()


def chain(stage, engines, more="", web=""):
    """web with a limit of 2, its backup spare with a limit of 1, and that one's backup last."""
    port, ports = stage.port(), [stage.port() for _ in range(3)]
    for name, one in zip(("primary", "backup", "third"), ports):
        stage.script(greets(name), one)
    return stage.run(f"""
add service a 127.0.0.1 TCP {ports[0]} -healthMonitor NO
add service b 127.0.0.1 TCP {ports[1]} -healthMonitor NO
add service c 127.0.0.1 TCP {ports[2]} -healthMonitor NO
add lb vserver last TCP 0.0.0.0 0
add lb vserver spare TCP 0.0.0.0 0 -soMethod CONNECTION -soThreshold 1 -backupVServer last
add lb vserver web TCP 127.0.0.1 {port} -soMethod CONNECTION -soThreshold 2 -backupVServer spare {web}
bind lb vserver web a
bind lb vserver spare b
bind lb vserver last c
{more}
""", engines), port


@pytest.mark.parametrize("engines", ENGINES)
def test_room_full_backup_chain(stage, engines):
    appliance, port = chain(stage, engines)
    has(explained(appliance), "services: 1 of 1 are up",
        "limit of client connections: 2, uses 0, free 2", "result: web serves it",
        "service: the only one that has room: a")
    has(explained(appliance, "spare"), "it does not listen", "result: spare serves it")
    with crowd(2, port) as two:
        assert tcp_names(two) == {"primary": 2}
        has(explained(appliance), "uses 2, free 0",
            "it spills: the limit of its client connections is reached",
            "limit of client connections: 1, uses 0, free 1", "result: spare serves it, the backup")
        with crowd(1, port, 10) as third:
            assert tcp_names(third) == {"backup": 1}
            has(explained(appliance), "limit of client connections: none, uses 0",
                "result: last serves it, the backup", "the only one that has room: c")
            assert who(port) == "third"
    wait_until(lambda: "result: web serves it" in explained(appliance), "there is room again")


@pytest.mark.parametrize("engines", ENGINES)
def test_numbers_are_those_of_the_engines(stage, engines):
    appliance, port = chain(stage, engines)
    with crowd(1, port) as one:
        assert tcp_names(one) == {"primary": 1}
        text = explained(appliance)
        has(text, "uses 1, free 1", f"engine {engines - 1}: used")
        assert sum(f"engine {i}: used 1" in text for i in range(engines)) == 1


@pytest.mark.parametrize("engines", ENGINES)
def test_down_and_disabled(stage, engines):
    appliance, port = chain(stage, engines)
    appliance.do("disable service a")
    has(explained(appliance), "services: 0 of 1 are up",
        "it cannot serve: too few of its services are up", "result: spare serves it, the backup")
    assert who(port) == "backup"
    appliance.do("enable service a", "disable lb vserver spare", "disable service a")
    has(explained(appliance), "it cannot serve: it is disabled", "result: last serves it")
    appliance.do("disable service c")
    has(explained(appliance), "the chain ends", "result: it is dropped, by a reset")
    assert is_dropped(port)


@pytest.mark.parametrize("engines", ENGINES)
def test_policies(stage, engines):
    appliance, port = chain(stage, engines, """
add spillover policy busy -rule 'SYS.VSERVER("web").CONNECTIONS.GE(1)' -action SPILLOVER
add spillover policy guests -rule 'CLIENT.IP.SRC.IN_SUBNET(127.9.0.0/16)' -action SPILLOVER
add spillover policy ghost -rule 'SYS.VSERVER("none").HEALTH < 5' -action SPILLOVER
bind lb vserver web -policyName ghost -priority 10
bind lb vserver web -policyName busy -priority 20
bind lb vserver web -policyName guests -priority 30
""")
    has(explained(appliance),
        "policy ghost, priority 10: undefined (its virtual server does not exist)",
        'policy busy, priority 20: false (SYS.VSERVER("web").CONNECTIONS is 0)',
        "policy guests, priority 30: undefined; without -clientIP", "result: web serves it")
    has(explained(appliance, more="-clientIP 127.9.0.1"), "from 127.9.0.1",
        "policy guests, priority 30: true", "it spills: a spillover policy says so",
        "result: spare serves it, the backup")
    assert who(port, "127.9.0.1") == "backup"
    with crowd(1, port) as clients:
        assert tcp_names(clients) == {"primary": 1}
        text = explained(appliance)
        has(text, 'priority 20: true (SYS.VSERVER("web").CONNECTIONS is 1)', "result: spare serves")
        assert "policy guests" not in text
    hits = appliance.stat("spillover policy", "busy")["hits"]
    explained(appliance)
    assert appliance.stat("spillover policy", "busy")["hits"] == hits


@pytest.mark.parametrize("engines", ENGINES)
def test_ends_of_the_chain(stage, engines):
    origin, port = stage.origin("primary"), stage.port()
    appliance = stage.run(f"""
add service a 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web a
add spillover policy all -rule TRUE -action SPILLOVER
bind lb vserver web -policyName all
""", engines)
    has(explained(appliance), "the chain ends", "result: it is dropped, 503 with Retry-After")
    assert get(port).status == 503
    appliance.do("set lb vserver web -redirectURL http://x.test/")
    has(explained(appliance), "result: web sends it to http://x.test/ (302)")
    assert get(port).status == 302
    appliance.do("set lb vserver web -soBackupAction ACCEPT")
    has(explained(appliance), "result: web serves it past its limit", "room: a")
    assert get(port).status == 200
    appliance.do("set lb vserver web -soBackupAction DROP")
    has(explained(appliance), "result: it is dropped")
    assert get(port).status == 503


@pytest.mark.parametrize("engines", ENGINES)
def test_the_service_that_is_chosen(stage, engines):
    """The least loaded, those in turn, the one of an address."""
    ports = [stage.port() for _ in range(2)]
    for name, one in zip(("one", "two"), ports):
        stage.script(greets(name), one)
    port = stage.port()
    appliance = stage.run(f"""
add service one 127.0.0.1 TCP {ports[0]} -healthMonitor NO
add service two 127.0.0.1 TCP {ports[1]} -healthMonitor NO
add lb vserver web TCP 127.0.0.1 {port} -lbMethod LEASTCONNECTION
bind lb vserver web one
bind lb vserver web two
""", engines)
    has(explained(appliance), "service: one of those with the least uses, by LEASTCONNECTION: "
                              "one 0, two 0")
    with Client(port) as client:
        name = client.until(b"\n").decode().strip()
        other = {"one": "two", "two": "one"}[name]
        has(explained(appliance), f"service: {other}, by LEASTCONNECTION; uses: ")
        appliance.do("set lb vserver web -lbMethod ROUNDROBIN")
        has(explained(appliance), "service: by ROUNDROBIN, next in turn of each engine, of one, two")
    appliance.do("set lb vserver web -lbMethod SOURCEIPHASH")
    names = set()
    for last in range(1, 20):
        source = f"127.0.3.{last}"
        served = who(port, source)
        names.add(served)
        has(explained(appliance, more=f"-clientIP {source}"), f"service: {served}, by SOURCEIPHASH")
    assert names == {"one", "two"}
    has(explained(appliance), "give -clientIP")


def as_explained(appliance, port, url, *lines):
    """What -url explains is what such a request gets."""
    text = explained(appliance, more=f"-clientIP 127.0.0.1 -url {url}")
    has(text, *lines)
    served = re.search(r"service: s(.), as before", text)
    if served:
        assert get(port, url).body.decode() == "abc"[int(served.group(1))]
    return served is not None


@pytest.mark.parametrize("engines", ENGINES)
def test_persistence_by_what_the_request_says(stage, engines):
    port, origins = stage.port(), [stage.script(answers(plain(name))) for name in "abc"]
    place = f"7F000001{origins[2].port:04X}"
    appliance = stage.run("".join(f"""
add service s{index} 127.0.0.1 HTTP {origin.port} -healthMonitor NO -CustomServerID id{index}"""
                                  for index, origin in enumerate(origins)) + f"""
add lb vserver web HTTP 127.0.0.1 {port} -persistenceType URLPASSIVE -rule 'HTTP.REQ.URL.QUERY.VALUE("at")'
bind lb vserver web s0
bind lb vserver web s1
bind lb vserver web s2
""", engines)
    has(explained(appliance), "persistence: its -rule reads the URL, give -url to see")
    assert as_explained(appliance, port, f"/?at={place}", "persistence: the URL names s2")
    assert not as_explained(appliance, port, "/?at=7F0000010001", "the URL names none of its")
    assert not as_explained(appliance, port, "/?to=x", "the URL has nothing that its -rule names")
    appliance.do("set lb vserver web -persistenceType CUSTOMSERVERID")
    assert as_explained(appliance, port, "/?at=id1", "persistence: the URL names s1")
    assert not as_explained(appliance, port, "/?at=id9", "the URL names none of its services")
    appliance.do("set lb vserver web -persistenceType RULE -persistenceBackup SOURCEIP")
    assert not as_explained(appliance, port, "/?at=x", "persistence: no entry for this client")
    get(port, "/?at=x"), get(port, "/")
    assert as_explained(appliance, port, "/?at=x", "persistence: the client was served by s")
    assert as_explained(appliance, port, "/", "else by -persistenceBackup the client is with s")
    appliance.do("set lb vserver web -persistenceType COOKIEINSERT")
    assert as_explained(appliance, port, "/", "persistence: a cookie of the client decides first",
                        "else by -persistenceBackup the client is with s")
    appliance.do("set lb vserver web -persistenceType DESTIP")
    get(port)
    assert as_explained(appliance, port, "/", "persistence: the client was served by s")
    appliance.do("set lb vserver web -persistenceType SRCIPDESTIP")
    assert not as_explained(appliance, port, "/", "persistence: no entry for this client")
    get(port)
    assert as_explained(appliance, port, "/", "persistence: the client was served by s")


@pytest.mark.parametrize("engines", ENGINES)
def test_persistence(stage, engines):
    appliance, port = chain(stage, engines, web="-persistenceType SOURCEIP "
                                                "-soPersistence ENABLED")
    has(explained(appliance, more="-clientIP 127.0.0.5"), "persistence: no entry for this address")
    assert who(port, "127.0.0.5") == "primary"
    has(explained(appliance, more="-clientIP 127.0.0.5"),
        "persistence of spillover: web served this client last",
        "persistence: the client was served by a", "service: a, as before")
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "it has left")
    with crowd(2, port) as clients:
        assert tcp_names(clients) == {"primary": 2}
        assert who(port, "127.0.0.6") == "backup"
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "all have left")
    has(explained(appliance, more="-clientIP 127.0.0.6"),
        "persistence of spillover: spare served this client last", "result: spare serves it")
    assert who(port, "127.0.0.6") == "backup"
    has(explained(appliance, more="-clientIP 127.0.0.7"), "result: web serves it")


def two_services(stage, engines, web):
    origins, port = [stage.origin(name) for name in ("one", "two")], stage.port()
    return stage.run(f"""
add service one 127.0.0.1 HTTP {origins[0].port} -healthMonitor NO
add service two 127.0.0.1 HTTP {origins[1].port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port} {web}
bind lb vserver web one
bind lb vserver web two
""", engines), port


@pytest.mark.parametrize("engines", ENGINES)
def test_rates(stage, engines):
    appliance, port = two_services(stage, engines, "-soMethod REQUESTRATE -soThreshold 1")
    has(explained(appliance), "request rate: limit 1 a second, 1 at once, 1 there now",
        "one passes now", "result: web serves it")

    def is_told():
        get(port)
        return "0 there now; asked for each request: one is too many now" in explained(appliance)
    wait_until(is_told, "the rate is used up")
    assert "bandwidth" not in explained(appliance)
    appliance.do("set service one -maxBandwidth 8000", "set spillover param -maxBandwidth 9000")
    has(explained(appliance), "bandwidth of one: limit 8000 kbit/s",
        "bandwidth of the whole appliance: limit 9000 kbit/s",
        "it was not at its limit within the last second")


@pytest.mark.parametrize("engines", ENGINES)
def test_slow_start(stage, engines):
    """One a second for the service that comes up while the other has its share."""
    appliance, port = two_services(stage, engines, "-lbMethod ROUNDROBIN -newServiceRequest 1 "
                                                   "-newServiceRequestIncrementInterval 1000")
    appliance.do("disable service two")
    for _ in range(40):
        get(port)
    appliance.do("enable service two")

    def is_held():
        get(port)
        return "held back" in explained(appliance)
    wait_until(is_held, "an engine holds it back")
    has(explained(appliance), "slow start: two is up for ",
        "not more than 1 clients or requests a second", "held back ", "of one, two")
    assert appliance.service("two")["slow_held"] > 0


def test_bad_input(stage):
    appliance, _ = chain(stage, 1)
    assert "there is no lb vserver nobody" in appliance.refuse("explain lb vserver nobody")
    assert "is no address for -clientIP" in \
        appliance.refuse("explain lb vserver web -clientIP 10.0.0")
    assert "name is missing" in appliance.refuse("explain lb vserver")
    assert "unknown option" in appliance.refuse("explain lb vserver web -clientPI 10.0.0.1")
    assert "explain lb vserver" not in appliance.running_config()
