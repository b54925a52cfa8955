# SPDX-License-Identifier: Apache-2.0
"""Monitors taken together: weights, thresholds, who counts and who does not; what a server says it
can take; and the response times that are learned."""
import os
import re
import signal

import pytest

from spillway import answers, crowd, plain, tcp_names, greets, wait_until

FAST = "-interval 200 MSEC -resptimeout 190 MSEC -downTime 50 MSEC -retries 3"


def state_of(appliance, service="s"):
    return re.search(r"^\tstate: (.*)$", appliance.do(f"show service {service}"), re.M).group(1)


def becomes(appliance, state, service="s"):
    wait_until(lambda: state_of(appliance, service) == state, f"{service} is {state}")


@pytest.fixture
def two_monitors(stage):
    """A service with a monitor that is well and one that is not."""
    good, bad = stage.script(answers(plain())), stage.script(answers(plain(status="500 No")))
    appliance = stage.run(f"""
add lb monitor good HTTP -destPort {good.port} {FAST}
add lb monitor bad HTTP -destPort {bad.port} {FAST}
""")
    appliance.do("add service s 127.0.0.1 TCP 9", "bind service s -monitorName good -weight 3",
                 "bind service s -monitorName bad -weight 2")
    becomes(appliance, "DOWN")
    return appliance


def test_threshold_of_weights(two_monitors):
    """-monThreshold: the weights of those that say up must reach it."""
    appliance = two_monitors
    appliance.do("set service s -monThreshold 3")
    becomes(appliance, "UP")
    appliance.do("set service s -monThreshold 4")
    becomes(appliance, "DOWN")
    assert "reason: good monitors weigh 3, -monThreshold 4; monitor bad: " in \
        appliance.do("show service s")
    appliance.do("set service s -weight 4 good")
    becomes(appliance, "UP")
    appliance.do("unset service s -monThreshold")
    becomes(appliance, "DOWN")


def test_monitors_that_do_not_count(two_monitors):
    """-passive, -monState DISABLED, disable lb monitor, -healthMonitor NO: each takes the bad one
    out of the verdict."""
    appliance = two_monitors
    appliance.do("unbind service s -monitorName bad", "bind service s -monitorName bad -passive")
    becomes(appliance, "UP")
    assert "of no account" in appliance.do("show service s")
    appliance.do("unbind service s -monitorName bad", "bind service s -monitorName bad")
    becomes(appliance, "DOWN")
    appliance.do("disable lb monitor s bad")
    becomes(appliance, "UP")
    appliance.do("enable lb monitor s bad")
    becomes(appliance, "DOWN")
    appliance.do("unbind service s -monitorName bad",
                 "bind service s -monitorName bad -monState DISABLED")
    becomes(appliance, "UP")
    appliance.do("unbind service s -monitorName bad", "bind service s -monitorName bad")
    becomes(appliance, "DOWN")
    appliance.do("set service s -healthMonitor NO")
    becomes(appliance, "UP")


def chain(stage, monitor):
    """A TCP service with -maxClient 100 behind a dynamic limit, and this monitor."""
    port, origin = stage.port(), stage.script(greets("one"))
    appliance = stage.run(f"""
{monitor}
add service s 127.0.0.1 TCP {origin.port} -maxClient 100
bind service s -monitorName m
add lb vserver v TCP 127.0.0.1 {port} -soMethod DYNAMICCONNECTION -soBackupAction DROP
bind lb vserver v s
""", 2)
    becomes(appliance, "UP")
    return appliance, port


def limits(appliance):
    """Of the virtual server and of the service."""
    return (appliance.pools("v").get("limit"),
            int(re.search(r"^\tlimit: (\d+)", appliance.do("show service s"), re.M).group(1)))


def test_an_agent_says_how_much(stage):
    """maxconn:30 becomes the capacity, the dynamic limit and the pools, and goes back again; the
    configured number is shown beside it."""
    words = ["up maxconn:3\n"]
    agent = stage.script(lambda peer: peer.send(words[0]))
    appliance, port = chain(stage, f"add lb monitor m AGENT -destPort {agent.port} {FAST}")
    wait_until(lambda: limits(appliance) == (3, 3), "the limits are the agent's")
    shown = appliance.do("show service s")
    assert "maxClient: 100" in shown and "maxconn:3" in shown
    assert "service s can take 3 connections" in appliance.log()
    with crowd(3, port) as clients:
        assert tcp_names(clients) == {"one": 3}
        with crowd(1, port, 50) as late:
            assert late[0].is_ended()  # the fourth is one too many
        words[0] = "up maxconn:30\n"
        wait_until(lambda: limits(appliance) == (30, 30), "the limits follow")
        with crowd(27, port, 100) as more:
            assert tcp_names(more) == {"one": 27}
    words[0] = "50%\n"
    wait_until(lambda: limits(appliance) == (50, 50), "half of -maxClient")
    words[0] = "down\n"
    wait_until(lambda: appliance.pools("v").get("limit") == 0, "a service that is down adds none")
    words[0] = "up 100%\n"
    wait_until(lambda: limits(appliance) == (100, 100), "all of it again")


@pytest.mark.parametrize("monitor, answer", [
    ("HTTP -capacityHeader X-Capacity", plain(fields="X-Capacity: maxconn:7\r\n")),
    ("HTTP-ECV -capacityField load.free", plain('{"load": {"free": 7}}')),
])
def test_an_answer_says_how_much(stage, monitor, answer):
    """A header field, or a member of a JSON body."""
    health = stage.script(answers(answer))
    kind, rest = monitor.split(" ", 1)
    appliance, _ = chain(stage, f"add lb monitor m {kind} -destPort {health.port} {rest} {FAST}")
    wait_until(lambda: limits(appliance) == (7, 7), "the limits are the server's")


def test_learned_response_time(stage):
    """Shown, kept when the data process dies, and forgotten on command."""
    health = stage.script(answers(plain()))
    appliance, _ = chain(stage, f"add lb monitor m HTTP -destPort {health.port} {FAST}")

    def learned():
        return appliance.service("s")["learned_response_time_us"]

    wait_until(lambda: learned() > 0, "it is learned")
    before = appliance.service("s")
    assert before["probes"] > 0 and before["probes_failed"] == 0
    appliance.do("set lb monitor m HTTP -interval 3600")
    before, old = appliance.service("s"), appliance.data_process()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
    wait_until(appliance.is_ready, "commands are answered again")
    after = appliance.service("s")
    assert before["probes"] <= after["probes"] <= before["probes"] + 2
    assert after["learned_response_time_us"] > 0

    def is_forgotten():
        appliance.do("clear service s -respTime")
        return learned() == 0

    wait_until(is_forgotten, "it is forgotten, and the next probe is far away")
    assert "there is no service nobody" in appliance.refuse("clear service nobody -respTime")
    assert "maxClient: 100" in appliance.do("show service s")


def test_stat_of_a_member(stage):
    port, origin = stage.port(), stage.script(greets("one"))
    appliance = stage.run(f"""
add serviceGroup g TCP -healthMonitor NO
bind serviceGroup g 127.0.0.1 {origin.port}
add lb vserver v TCP 127.0.0.1 {port}
bind lb vserver v g
""")
    with crowd(2, port) as clients:
        assert tcp_names(clients) == {"one": 2}
        shown = appliance.do(f"stat serviceGroupMember g 127.0.0.1 {origin.port}")
        assert "State: UP" in shown and re.search(r"Current server connections: 2\n", shown)
    assert "there is no member g?127.0.0.1?1" in appliance.refuse(
        "stat serviceGroupMember g 127.0.0.1 1")


def test_cleared_statistics(stage):
    """-clearstats: what was counted so far is shown once more and then no more; gauges stay."""
    port, origin = stage.port(), stage.script(greets("one"))
    appliance = stage.run(f"""
add service s 127.0.0.1 TCP {origin.port} -healthMonitor NO
add lb vserver v TCP 127.0.0.1 {port}
bind lb vserver v s
""", 2)
    with crowd(3, port) as clients:
        assert tcp_names(clients) == {"one": 3}
        assert appliance.vserver("v")["clients_total"] == 3
        assert "Client connections: 3\n" in appliance.do("stat lb vserver v -clearstats basic")
        assert "Server connections: 3\n" in appliance.do("stat service s -clearstats full")
        assert appliance.vserver("v")["clients_total"] == 0
        assert appliance.service("s")["connections_total"] == 0
        assert appliance.vserver("v")["clients"] == 3
        with crowd(1, port, 50) as late:
            assert tcp_names(late) == {"one": 1}
            assert appliance.vserver("v")["clients_total"] == 1
            assert appliance.service("s")["connections_total"] == 1
