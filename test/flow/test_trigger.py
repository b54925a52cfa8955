# SPDX-License-Identifier: Apache-2.0
"""What makes a virtual server spill besides a limit that is reached: the health of its services, a
ramp before the limit, a return after it; and what only would have spilled."""
import os
import re
import signal

import pytest

from spillway import Client, answers, crowd, greets, plain, tcp_names, wait_until

ENGINES = [1, 4]


def tcp_appliance(stage, engines, primary, more=""):
    """A primary and its backup, each with an origin that says its name."""
    port, one, two = stage.port(), stage.port(), stage.port()
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {one} -healthMonitor NO
add service b 127.0.0.1 TCP {two} -healthMonitor NO
add lb vserver spare TCP 0.0.0.0 0
add lb vserver web TCP 127.0.0.1 {port} {primary} -backupVServer spare
bind lb vserver web a
bind lb vserver spare b
{more}
""", engines)
    return appliance, port


def log_line(appliance, pattern):
    return wait_until(lambda: re.search(pattern, appliance.log()), pattern)


def weighed(stage, engines, settings):
    """Three services of the weights 50, 30 and 20, and one backup."""
    port, ports = stage.port(), [stage.port() for _ in range(4)]
    for each, name in zip(ports, ("primary", "primary", "primary", "backup")):
        stage.script(answers(plain(name)), each)
    lines = [f"add service s{i} 127.0.0.1 HTTP {each} -healthMonitor NO"
             for i, each in enumerate(ports)]
    lines += ["add lb vserver spare HTTP 0.0.0.0 0",
              f"add lb vserver web HTTP 127.0.0.1 {port} {settings} -backupVServer spare",
              "bind lb vserver spare s3"]
    lines += [f"bind lb vserver web s{i} -weight {weight}" for i, weight in enumerate((50, 30, 20))]
    return stage.run("\n".join(lines), engines), port


def name_of(port):
    with Client(port) as client:
        return client.get().body.decode()


@pytest.mark.parametrize("engines", ENGINES)
def test_health(stage, engines):
    """Spills below 60 percent of the weight, and returns with it."""
    appliance, port = weighed(stage, engines, "-soMethod HEALTH -soThreshold 60")
    assert name_of(port) == "primary"
    appliance.do("disable service s2")
    assert name_of(port) == "primary"
    assert appliance.pools("web")["health"] == 80
    appliance.do("disable service s0")
    assert name_of(port) == "backup"
    assert appliance.pools("web")["health"] == 30
    assert appliance.vserver("web")["asked_in_bad_health"] == 1
    log_line(appliance, r"vserver web spills: too little of the weight .*; new clients go to spare")
    appliance.do("enable service s0")
    assert name_of(port) == "primary"
    log_line(appliance, r"vserver web has room again")


@pytest.mark.parametrize("engines", ENGINES)
def test_health_threshold(stage, engines):
    """With -healthThreshold 60 two of three are needed for it to be up."""
    appliance, port = weighed(stage, engines, "-healthThreshold 60")
    appliance.do("disable service s0")
    assert name_of(port) == "primary"
    appliance.do("disable service s1")
    assert name_of(port) == "backup"
    assert "state: DOWN\n\treason: less than 60 percent of its services are up" in \
        appliance.do("show lb vserver web")
    assert "services: 1 of 3 are up, -healthThreshold wants 60 percent" in \
        appliance.do("explain lb vserver web")
    log_line(appliance, r"web is down: 1 of 3 services are up, -healthThreshold wants 60 percent")
    assert appliance.vserver("web")["spilled_down"] == 1
    appliance.do("set lb vserver web -healthThreshold 30")
    assert name_of(port) == "primary"
    assert "state: UP" in appliance.do("show lb vserver web")


@pytest.mark.parametrize("engines", ENGINES)
def test_primary_stays_out(stage, engines):
    """Once down it waits for an operator, whatever its services do."""
    appliance, port = tcp_appliance(stage, engines, "-disablePrimaryOnDown ENABLED")
    appliance.do("disable service a")
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"backup": 4}
    appliance.do("enable service a")
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"backup": 4}
    assert "until it is enabled" in appliance.do("show lb vserver web")
    assert appliance.vserver("web")["asked_while_held_out"] == 4
    old = appliance.data_process()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
    wait_until(appliance.is_ready, "commands are answered again")
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"backup": 4}
    appliance.do("enable lb vserver web")
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"primary": 4}
    log_line(appliance, "vserver web stays out until it is enabled")


@pytest.mark.parametrize("garbage", [False, True])
def test_primary_stays_out_over_a_restart(stage, garbage):
    """Of the whole appliance: what it noted beside its configuration, for its owner only, says so.
    Where that is spoiled nobody is held out, and the log says why."""
    appliance, port = tcp_appliance(stage, 2, "-disablePrimaryOnDown ENABLED")
    noted = appliance.config_path.with_name(appliance.config_path.name + ".state")
    assert not noted.exists()
    appliance.do("disable service a", "enable service a")
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"backup": 4}
    assert noted.stat().st_mode & 0o777 == 0o600
    if garbage:
        noted.write_bytes(b"\x00 what is this\nheld")
    appliance = stage.again(appliance)
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"primary" if garbage else "backup": 4}
    assert ("are not understood and passed over" in appliance.log()) == garbage
    appliance.do("enable lb vserver web")
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"primary": 4}
    appliance = stage.again(appliance)
    with crowd(4, port) as clients:
        assert tcp_names(clients) == {"primary": 4}


@pytest.mark.parametrize("engines", ENGINES)
def test_ramp(stage, engines):
    """Nobody spills up to half of the limit, some do above, and the limit holds."""
    appliance, port = tcp_appliance(stage, engines, "-soMethod CONNECTION -soThreshold 200 "
                                    "-soRamp 50")
    with crowd(100, port) as clients:
        assert tcp_names(clients) == {"primary": 100}
        with crowd(300, port) as more:
            names = tcp_names(more)
            # Far more than chance allows either way.
            assert 40 < names["primary"] <= 100
            numbers = appliance.vserver("web")
            assert numbers["asked_on_the_ramp"] > 20
            assert numbers["clients"] <= 200
    log_line(appliance, r"vserver web spills: its limit is near")


@pytest.mark.parametrize("engines", ENGINES)
def test_return(stage, engines):
    """Once full it spills until no more than half of the limit is in use."""
    appliance, port = tcp_appliance(stage, engines, "-soMethod CONNECTION -soThreshold 20 "
                                    "-soReturn 50")
    with crowd(21, port) as clients:
        inside = [client for client in clients if client.until(b"\n") == b"primary\n"]
        assert len(inside) == 20
        for client in inside[:5]:
            client.close()
        wait_until(lambda: appliance.vserver("web")["clients"] == 15, "five have left")
        with crowd(3, port) as more:
            assert tcp_names(more) == {"backup": 3}
        assert appliance.vserver("web")["asked_before_the_return"] == 3
        for client in inside[5:12]:
            client.close()
        wait_until(lambda: appliance.vserver("web")["clients"] == 8, "more than half of them have")
        with crowd(2, port) as more:
            assert tcp_names(more) == {"primary": 2}
        appliance.do("unset lb vserver web -soReturn")


@pytest.mark.parametrize("engines", ENGINES)
def test_shadow(stage, engines):
    """All are served; those above the limit are counted, and the log has the episode."""
    appliance, port = tcp_appliance(stage, engines, "-soMethod CONNECTION -soThreshold 10 "
                                    "-soShadow ENABLED")
    with crowd(25, port) as clients:
        assert tcp_names(clients) == {"primary": 25}
        numbers = appliance.vserver("web")
        assert (numbers["shadowed"], numbers["spilled"], numbers["clients"]) == (15, 0, 25)
        log_line(appliance, r"vserver web would spill: .*\(limit 10, uses 10\); it serves on")
        appliance.do("set lb vserver web -soShadow DISABLED")
        with crowd(3, port) as more:
            assert tcp_names(more) == {"backup": 3}
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "all have left")
    with crowd(12, port) as clients:
        assert tcp_names(clients) == {"primary": 10, "backup": 2}


@pytest.mark.parametrize("engines", ENGINES)
def test_dynamic_limit(stage, engines):
    """The sum of -maxClient of what is up and enabled, now: every change counts at once."""
    port, ports = stage.port(), [stage.port() for _ in range(3)]
    for each, name in zip(ports, ("primary", "primary", "backup")):
        stage.script(greets(name), each)
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {ports[0]} -healthMonitor NO -maxClient 12
add service b 127.0.0.1 TCP {ports[1]} -healthMonitor NO -maxClient 8
add service c 127.0.0.1 TCP {ports[2]} -healthMonitor NO
add lb vserver spare TCP 0.0.0.0 0
add lb vserver web TCP 127.0.0.1 {port} -soMethod DYNAMICCONNECTION -backupVServer spare
bind lb vserver web a
bind lb vserver web b
bind lb vserver spare c
""", engines)
    for change, limit, because in (
            ("show ns version", 20, "a 12 + b 8"),
            ("disable service b", 12, "a 12 + b 0 (out of service)"),
            ("set service a -maxClient 5", 5, "a 5 + b 0"),
            ("enable service b", 13, "a 5 + b 8"),
            ("unbind lb vserver web a", 8, ": b 8"),
            ("bind lb vserver web a", 13, "b 8 + a 5")):
        appliance.do(change)
        assert appliance.pools("web")["threshold"] == limit
        assert because in appliance.do("show lb vserver web")
        with crowd(limit + 3, port) as clients:
            assert tcp_names(clients) == {"primary": limit, "backup": 3}
        wait_until(lambda: appliance.vserver("web")["clients"] == 0, "all have left")
    appliance.do("unset service a -maxClient")
    assert "no limit: a service takes any number" in appliance.do("show lb vserver web")
    assert "has no -maxClient" in appliance.do("unbind lb vserver web a", "bind lb vserver web a")


@pytest.mark.parametrize("engines", ENGINES)
def test_episode_lines(stage, engines):
    """One line at the begin, one at the end: reason, limit, uses, destination, duration."""
    appliance, port = tcp_appliance(stage, engines, "-soMethod CONNECTION -soThreshold 4")
    with crowd(9, port) as clients:
        tcp_names(clients)
        log_line(appliance, r"vserver web spills: the limit of its client connections is reached "
                            r"\(limit 4, uses 4\); new clients go to spare")
        shown = appliance.do("show lb vserver web")
        assert "spilling because: the limit of its client connections is reached" in shown
    log_line(appliance, r"vserver web has room again after \d+\.\d{3} s \(limit 4, uses \d\); "
                        r"spilled so far: 5")
    assert appliance.log().count("vserver web spills") == 1
    numbers = appliance.vserver("web")
    assert numbers["spillover_episodes"] == 1 and numbers["milliseconds_in_spillover"] >= 0
    assert numbers["asked_at_the_limit_of_connections"] == 5
    assert numbers["asked_with_room"] == 4


@pytest.mark.parametrize("engines", ENGINES)
def test_peak(stage, engines):
    """The most that were there at once, over all engines, also when they have gone."""
    appliance, port = tcp_appliance(stage, engines, "-soMethod CONNECTION -soThreshold 30")
    with crowd(25, port) as clients:
        tcp_names(clients)
        wait_until(lambda: appliance.vserver("web")["clients_peak"] == 25, "they were seen")
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "they have left")
    with crowd(40, port) as clients:
        tcp_names(clients)
        wait_until(lambda: appliance.vserver("web")["clients_peak"] == 30, "it was full")
        assert appliance.vserver("spare")["clients_peak"] <= 10
    assert appliance.vserver("web")["clients_peak"] == 30


@pytest.mark.parametrize("engines", ENGINES)
def test_destinations(stage, engines):
    """By where they went, down a chain of three: at the origins, and in the counters of each."""
    port, ports = stage.port(), [stage.port() for _ in range(3)]
    for each, name in zip(ports, ("web", "mid", "spare")):
        stage.script(greets(name), each)
    appliance = stage.run(f"""
add service a 127.0.0.1 TCP {ports[0]} -healthMonitor NO
add service b 127.0.0.1 TCP {ports[1]} -healthMonitor NO
add service c 127.0.0.1 TCP {ports[2]} -healthMonitor NO
add lb vserver spare TCP 0.0.0.0 0 -soMethod CONNECTION -soThreshold 4
add lb vserver mid TCP 0.0.0.0 0 -soMethod CONNECTION -soThreshold 2 -backupVServer spare
add lb vserver web TCP 127.0.0.1 {port} -soMethod CONNECTION -soThreshold 3 -backupVServer mid
bind lb vserver web a
bind lb vserver mid b
bind lb vserver spare c
""", engines)
    with crowd(9, port) as clients:
        assert tcp_names(clients) == {"web": 3, "mid": 2, "spare": 4}
        with Client(port) as late:
            wait_until(late.is_ended, "nobody has room")
        web, mid = appliance.vserver("web"), appliance.vserver("mid")
        assert (web["spilled_over_to_mid"], web["spilled_over_to_spare"], web["dropped"]) == (2, 4, 1)
        assert (mid["spilled_over_to_spare"], mid["spilled_in"]) == (4, 2)
        assert appliance.vserver("spare")["spilled_in"] == 4
    appliance.do("rename lb vserver spare last", "stat lb vserver mid -clearstats full",
                 "set lb vserver web -backupVServer last")
    wait_until(lambda: appliance.vserver("web")["clients"] == 0, "they have left")
    with crowd(5, port) as clients:
        assert tcp_names(clients) == {"web": 3, "spare": 2}
    web, mid = appliance.vserver("web"), appliance.vserver("mid")
    assert (web["spilled_over_to_mid"], web["spilled_over_to_last"]) == (2, 6)
    assert mid["spilled_over_to_last"] == 0
    assert "spilled over to: last (UP), 6" in appliance.do("show lb vserver web")
