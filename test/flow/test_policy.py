# SPDX-License-Identifier: Apache-2.0
"""Spillover policies: rules over what is live, bound to virtual servers, changed while they work."""

import pytest

from spillway import (Client, ROOT, check_config, crowd, get, greets, tcp_names,
                      wait_until)

ENGINES = [1, 4]
CONNECTIONS = 'SYS.VSERVER("web").CONNECTIONS'


def policy(name, rule):
    return f"add spillover policy {name} -rule '{rule}' -action SPILLOVER"


def set_rule(appliance, name, rule):
    appliance.do(f"set spillover policy {name} -rule '{rule}'")


def tcp_stage(stage, engines, more="", options=""):
    """A primary without a limit, a backup; the ports of both origins."""
    port, one, two = stage.port(), stage.port(), stage.port()
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    config = f"""
add service a 127.0.0.1 TCP {one} -healthMonitor NO
add service b 127.0.0.1 TCP {two} -healthMonitor NO
add lb vserver spare TCP 0.0.0.0 0
add lb vserver web TCP 127.0.0.1 {port} -backupVServer spare {options}
bind lb vserver web a
bind lb vserver spare b
{more}
"""
    return stage.run(config, engines), port


def who(port, source="127.0.0.1"):
    """Who serves one more client, which leaves again."""
    with Client(port, source=(source, 0)) as client:
        return client.until(b"\n").decode().strip()


def numbers(appliance, name):
    """Hits and undefined hits."""
    found = appliance.stat("spillover policy", name)
    return found["hits"], found["undefined"]


@pytest.mark.parametrize("engines", ENGINES)
def test_connections(stage, engines):
    """More than 20 spill, whatever engine they come to, and come back when there is room."""
    appliance, port = tcp_stage(stage, engines, f"""
{policy("full", CONNECTIONS + ".GE(20)")}
bind lb vserver web -policyName full
""")
    clients = []
    for _ in range(20):
        clients.append(Client(port))
        assert clients[-1].until(b"\n") == b"primary\n"
    wait_until(lambda: appliance.vserver("web")["clients"] == 20, "all are counted")
    for _ in range(10):
        assert who(port) == "backup"
    assert numbers(appliance, "full") == (10, 0)
    web = appliance.vserver("web")
    assert (web["clients"], web["spilled"]) == (20, 10)
    wait_until(lambda: "vserver web spills: policy full is true; new clients go to spare"
               in appliance.log(), "the log")
    for client in clients:
        client.close()
    wait_until(lambda: who(port) == "primary", "there is room again")
    wait_until(lambda: "vserver web has room again" in appliance.log(), "the episode ends")


def test_exactly_on_one_engine(stage):
    appliance, port = tcp_stage(stage, 1, f"""
{policy("full", CONNECTIONS + " >= 50")}
bind lb vserver web -policyName full
""")
    with crowd(80, port) as clients:
        assert tcp_names(clients) == {"primary": 50, "backup": 30}
        assert numbers(appliance, "full") == (30, 0)


@pytest.mark.parametrize("engines", ENGINES)
def test_client_address(stage, engines):
    appliance, port = tcp_stage(stage, engines, f"""
{policy("guests", "CLIENT.IP.SRC.IN_SUBNET(127.9.0.0/16) || CLIENT.IP.SRC.EQ(127.0.0.7)")}
bind lb vserver web -policyName guests
""")
    assert who(port, "127.9.1.2") == "backup"
    assert who(port, "127.0.0.7") == "backup"
    assert who(port, "127.0.0.8") == "primary"
    set_rule(appliance, "guests", "!CLIENT.IP.SRC.IN_SUBNET(127.9.0.0/16)")
    assert who(port, "127.9.1.2") == "primary"
    assert who(port, "127.0.0.8") == "backup"
    assert numbers(appliance, "guests") == (3, 0)


# A rule and whether it spills: two of web's three services are up, none of the other's is.
STATES = [
    ('SYS.VSERVER("web").STATE.EQ(UP)', True), ('SYS.VSERVER("web").STATE.NE(UP)', False),
    ('SYS.VSERVER("other").STATE.EQ(DOWN)', True),
    ('SYS.VSERVER("out").STATE.EQ(OUT_OF_SERVICE)', True),
    ('SYS.VSERVER("out").STATE == DOWN', False),
    ('SYS.VSERVER("web").HEALTH.EQ(66)', True), ('SYS.VSERVER("other").HEALTH.EQ(0)', True),
    ('SYS.VSERVER("web").ACTIVESERVICES.LE(2)', True),
    ('SYS.VSERVER("web").ACTIVESERVICES < 2', False),
    ('SYS.VSERVER("other").ACTIVESERVICES.EQ(0)', True),
    ('SYS.VSERVER("web").SURGECOUNT.GT(0)', False),
    ('SYS.VSERVER("web").HEALTH.BETWEEN(60, 70) && !FALSE', True),
]


@pytest.mark.parametrize("engines", ENGINES)
def test_states(stage, engines):
    down = stage.port()
    appliance, port = tcp_stage(stage, engines, f"""
add service a2 127.0.0.1 TCP {down} -healthMonitor NO
add service a3 127.0.0.1 TCP {stage.port()} -healthMonitor NO
add lb vserver other TCP 0.0.0.0 0
add lb vserver out TCP 0.0.0.0 0
bind lb vserver web a2
bind lb vserver web a3
bind lb vserver other a3
disable lb vserver out
disable service a3
disable service a2
{policy("p", "FALSE")}
bind lb vserver web -policyName p
""")
    appliance.do("enable service a2", f"set service a2 -IPAddress 127.0.0.1")
    for rule, spills in STATES:
        set_rule(appliance, "p", rule)
        before = appliance.vserver("web")
        with Client(port):
            wait_until(lambda: asked(appliance) > sum_asked(before), "the client is decided")
        after = appliance.vserver("web")
        assert (after["spilled"] - before["spilled"] == 1) == spills, rule
    assert numbers(appliance, "p") == (sum(spills for _, spills in STATES), 0)


def sum_asked(web):
    return web["clients_total"] + web["spilled"]


def asked(appliance):
    return sum_asked(appliance.vserver("web"))


@pytest.mark.parametrize("engines", ENGINES)
def test_state_changes_while_it_works(stage, engines):
    appliance, port = tcp_stage(stage, engines, f"""
add service c 127.0.0.1 TCP {stage.port()} -healthMonitor NO
add lb vserver other TCP 0.0.0.0 0
bind lb vserver other c
{policy("p", 'SYS.VSERVER("other").STATE.NE(UP)')}
bind lb vserver web -policyName p
""")
    assert who(port) == "primary"
    appliance.do("disable service c")
    assert who(port) == "backup"
    appliance.do("enable service c")
    assert who(port) == "primary"
    appliance.do("disable lb vserver other")
    assert who(port) == "backup"


def http_stage(stage, engines, more):
    port, one, two = stage.port(), stage.port(), stage.port()
    stage.origin("primary", port=one), stage.origin("backup", port=two)
    return stage.run(f"""
add service a 127.0.0.1 HTTP {one} -healthMonitor NO
add service b 127.0.0.1 HTTP {two} -healthMonitor NO
add lb vserver spare HTTP 0.0.0.0 0
add lb vserver web HTTP 127.0.0.1 {port} -backupVServer spare
bind lb vserver web a
bind lb vserver spare b
{more}
""", engines), port


@pytest.mark.parametrize("engines", ENGINES)
def test_response_time(stage, engines):
    """Slow answers send clients away; without an answer for a while they may try again."""
    appliance, port = http_stage(stage, engines, f"""
{policy("slow", 'SYS.VSERVER("web").RESPTIME.GT(5000)')}
bind lb vserver web -policyName slow
""")
    assert get(port, "/?hold=800").body.strip() == b"primary"
    wait_until(lambda: get(port).body.strip() == b"backup", "the slow answer is known")
    wait_until(lambda: get(port).body.strip() == b"primary", "it is forgotten")


@pytest.mark.parametrize("engines", ENGINES)
def test_throughput(stage, engines):
    appliance, port = http_stage(stage, engines, f"""
{policy("busy", 'SYS.VSERVER("web").THROUGHPUT.GE(5)')}
bind lb vserver web -policyName busy
""")
    assert get(port).body.strip() == b"primary"
    with Client(port) as client:
        def is_noticed():
            assert len(client.get("/?size=1000000").body) == 1000000
            return get(port).body.strip() == b"backup"

        wait_until(is_noticed, "megabytes in a second are noticed")
    wait_until(lambda: get(port).body.strip() == b"primary", "a quiet second is too")


@pytest.mark.parametrize("engines", ENGINES)
def test_surge_count(stage, engines):
    """Who waits for a service that is full counts, and who waits in line for the limit."""
    appliance, port = tcp_stage(stage, engines, f"""
{policy("crowded", 'SYS.VSERVER("web").SURGECOUNT.GE(1)')}
bind lb vserver web -policyName crowded
set service a -maxClient 1
""")

    def surge(count):
        return f'SURGECOUNT is {count}' in appliance.do("explain lb vserver web")

    with Client(port) as first:
        assert first.until(b"\n") == b"primary\n"
        wait_until(lambda: surge(0), "nobody waits")
        with Client(port) as second:
            wait_until(lambda: surge(1), "one waits")
            assert who(port) == "backup"
            first.close()
            assert second.until(b"\n") == b"primary\n"
            wait_until(lambda: surge(0), "nobody waits any more")


@pytest.mark.parametrize("engines", ENGINES)
def test_only_counted_in_the_shadow(stage, engines):
    appliance, port = tcp_stage(stage, engines, f"""
{policy("all", "TRUE")}
bind lb vserver web -policyName all
""", "-soShadow ENABLED")
    assert who(port) == "primary"
    web = appliance.vserver("web")
    assert (web["spilled"], web["shadowed"]) == (0, 1)
    assert numbers(appliance, "all") == (1, 0)
    wait_until(lambda: "vserver web would spill: policy all is true" in appliance.log(), "the log")
    appliance.do("set lb vserver web -soShadow DISABLED")
    assert who(port) == "backup"


@pytest.mark.parametrize("engines", ENGINES)
def test_priorities_and_goto(stage, engines):
    """The smallest is tested first, the first that is true ends it unless it says otherwise."""
    appliance, port = tcp_stage(stage, engines, "\n".join(
        policy(name, rule) for name, rule in
        [("one", "TRUE"), ("two", "TRUE"), ("three", "TRUE"), ("four", "FALSE"),
         ("five", 'SYS.VSERVER("none").HEALTH.GT(5)')]))
    names = ["one", "two", "three", "four", "five"]

    def hits_of(*bindings):
        before = {name: numbers(appliance, name) for name in names}
        appliance.do(*(f"bind lb vserver web -policyName {binding}" for binding in bindings))
        served = who(port)
        appliance.do(*(f"unbind lb vserver web -policyName {binding.split()[0]}"
                       for binding in bindings))
        after = {name: numbers(appliance, name) for name in names}
        return served, {name: (after[name][0] - before[name][0], after[name][1] - before[name][1])
                        for name in names if after[name] != before[name]}

    hit, undefined = (1, 0), (0, 1)
    assert hits_of("one -priority 20", "two -priority 10") == ("backup", {"two": hit})
    assert hits_of("one", "two") == ("backup", {"one": hit})
    assert hits_of("one -priority 1 -gotoPriorityExpression NEXT", "two -priority 2",
                   "three -priority 3") == ("backup", {"one": hit, "two": hit})
    assert hits_of("one -priority 1 -gotoPriorityExpression 3", "two -priority 2",
                   "three -priority 3") == ("backup", {"one": hit, "three": hit})
    assert hits_of("one -priority 1 -gotoPriorityExpression 9", "two -priority 2") == \
        ("backup", {"one": hit})
    assert hits_of("four -priority 1 -gotoPriorityExpression END", "three -priority 2") == \
        ("backup", {"three": hit})
    assert hits_of("five -priority 1", "four -priority 2") == ("primary", {"five": undefined})
    assert hits_of("five -priority 1", "three -priority 2") == \
        ("backup", {"five": undefined, "three": hit})


@pytest.mark.parametrize("engines", ENGINES)
def test_beside_a_limit(stage, engines):
    """-soMethod and policies together: the first that says no decides."""
    appliance, port = tcp_stage(stage, engines, f"""
{policy("guests", "CLIENT.IP.SRC == 127.0.0.9")}
bind lb vserver web -policyName guests
""", "-soMethod CONNECTION -soThreshold 3")
    with crowd(5, port) as clients:
        assert tcp_names(clients) == {"primary": 3, "backup": 2}
        assert who(port, "127.0.0.9") == "backup"
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "all have left")
    assert who(port, "127.0.0.9") == "backup"
    assert who(port) == "primary"
    assert numbers(appliance, "guests") == (2, 0)


@pytest.mark.parametrize("engines", ENGINES)
def test_along_the_chain(stage, engines):
    """Each virtual server of the chain has policies of its own."""
    third = stage.port()
    stage.script(greets("third"), third)
    appliance, port = tcp_stage(stage, engines, f"""
add service c 127.0.0.1 TCP {third} -healthMonitor NO
add lb vserver last TCP 0.0.0.0 0
bind lb vserver last c
set lb vserver spare -backupVServer last
{policy("all", "TRUE")}
{policy("guests", "CLIENT.IP.SRC == 127.0.0.9")}
bind lb vserver web -policyName all
bind lb vserver spare -policyName guests
""")
    assert who(port) == "backup"
    assert who(port, "127.0.0.9") == "third"
    assert (numbers(appliance, "all"), numbers(appliance, "guests")) == ((2, 0), (1, 0))


@pytest.mark.parametrize("engines", ENGINES)
def test_without_a_backup(stage, engines):
    """DROP, ACCEPT within the limit, and the redirect URL, as when it is full."""
    origin = stage.origin("primary")
    port = stage.port()
    appliance = stage.run(f"""
add service a 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port} -soBackupAction DROP
bind lb vserver web a
{policy("all", "TRUE")}
bind lb vserver web -policyName all
""", engines)
    assert get(port).status == 503
    appliance.do("set lb vserver web -soBackupAction ACCEPT")
    assert get(port).body.strip() == b"primary"
    assert appliance.vserver("web")["accepted_over"] == 1
    appliance.do("set lb vserver web -soBackupAction REDIRECT -redirectURL http://x.test/")
    assert get(port).status == 302
    appliance.do("unbind lb vserver web -policyName all")
    assert get(port).body.strip() == b"primary"
    assert numbers(appliance, "all") == (3, 0)


@pytest.mark.parametrize("engines", ENGINES)
def test_a_name_that_comes_and_goes(stage, engines):
    """A rule looks for its virtual server anew after every change; without it it is undefined."""
    rule = 'SYS.VSERVER("ghost").ACTIVESERVICES.EQ(0)'
    appliance, port = tcp_stage(stage, engines, f"{policy('p', rule)}\n"
                                                "bind lb vserver web -policyName p")
    assert who(port) == "primary"
    assert numbers(appliance, "p") == (0, 1)
    appliance.do("add lb vserver ghost TCP 0.0.0.0 0")
    assert who(port) == "backup"
    assert "names lb vserver ghost" in appliance.do("rename lb vserver ghost spirit")
    assert who(port) == "primary"
    appliance.do("rename lb vserver spirit ghost")
    assert who(port) == "backup"
    assert "names lb vserver ghost" in appliance.do("rm lb vserver ghost")
    assert who(port) == "primary"
    assert numbers(appliance, "p") == (2, 3)


def test_counters_stay_over_a_rename(stage):
    appliance, port = tcp_stage(stage, 4, f"{policy('p', 'TRUE')}\nbind lb vserver web -policyName p")
    assert who(port) == "backup"
    appliance.do("rename spillover policy p q", "set spillover policy q -comment x")
    assert who(port) == "backup"
    assert numbers(appliance, "q") == (2, 0)
    assert "Hits: 2" in appliance.do("show spillover policy q")
    assert "bound to: lb vserver web, priority 100, goto END" in \
        appliance.do("show spillover policy q")
    assert "spillover policy: 100 q: TRUE" in appliance.do("show lb vserver web")
    appliance.do("unbind lb vserver web -policyName q", "rm spillover policy q",
                 policy("q", "TRUE"), "bind lb vserver web -policyName q")
    assert numbers(appliance, "q") == (0, 0)


def test_changes_under_load(stage):
    """Clients come while rules are set, bound and taken away: each is served by one of both."""
    appliance, port = tcp_stage(stage, 4, policy("p", "FALSE"))
    for turn in range(20):
        appliance.do("bind lb vserver web -policyName p")
        set_rule(appliance, "p", ["TRUE", CONNECTIONS + ".GT(2)", "FALSE"][turn % 3])
        with crowd(10, port) as clients:
            appliance.do("unbind lb vserver web -policyName p")
            assert sum(tcp_names(clients).values()) == 10
    appliance.do("rm spillover policy p")


BAD = [
    ("add spillover policy q -rule 'SYS.VSERVER(\"web\").CONNECTIONZ.GT(5)' -action SPILLOVER",
     "character 20: SYS.VSERVER(\"web\").CONNECTIONZ: unknown; did you mean CONNECTIONS?"),
    ("add spillover policy q -rule 'SYS.VSERVER(\"web\").CONNECTIONS' -action SPILLOVER",
     "must be true or false, this is a number"),
    ("add spillover policy q -rule 'CLIENT.IP.SRC.EQ(10.0.0)' -action SPILLOVER", "no address"),
    ("add spillover policy q -rule TRUE -action none", "No such resource: spillover action none"),
    ("add spillover policy q -rule TRUE", "-action is missing"),
    ("set spillover policy p -rule TRU", "TRU: unknown"),
    ("rm spillover policy p", "in use by lb vserver web"),
    ("rm spillover action SPILLOVER", "built in"),
    ("bind lb vserver web -policyName p", "already"),
    ("bind lb vserver spare -policyName p -priority 0", "1 to 2147483647"),
    ("bind lb vserver spare -policyName p -gotoPriorityExpression 5", "behind 100"),
]


def test_bad_input(stage):
    appliance, _ = tcp_stage(stage, 1, f"{policy('p', 'TRUE')}\nbind lb vserver web -policyName p")
    before = appliance.running_config()
    for command, wanted in BAD:
        assert wanted in appliance.refuse(command), command
    assert appliance.running_config() == before


def test_saved_configuration_is_read_again(stage, tmp_path):
    appliance, _ = tcp_stage(stage, 1, f"""
{policy("p", 'SYS.VSERVER("web").CONNECTIONS.GT(5) && CLIENT.IP.SRC != 127.0.0.9')}
bind lb vserver web -policyName p -priority 7 -gotoPriorityExpression NEXT
""")
    saved = appliance.running_config()
    answer = check_config(tmp_path, saved.replace("Done\n", ""))
    assert answer.status == 0 and "0 errors, 0 warnings" in answer.text, answer


def test_manual_has_every_function(stage):
    manual = (ROOT / "doc" / "manual.md").read_text()
    appliance = stage.run("")
    for line in appliance.do("show policy functions").splitlines():
        name = line.split(":")[0]
        if name != "Done":
            assert f"`{name}`" in manual, line
