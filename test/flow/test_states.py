# SPDX-License-Identifier: Apache-2.0
"""What a service is: up, down, out of service, and on its way out; what becomes of its clients."""
import json
import os
import re
import signal

import pytest

from spillway import Client, GateOrigin, answers, get, greets, is_dropped, plain, wait_until

GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
MONITOR = """add lb monitor m HTTP -destPort {port} -respCode 200 -interval 250 MSEC \
-resptimeout 240 MSEC -downTime 50 MSEC -retries 3
"""


class Health:
    """What a monitor asks: well or not, as the scenario says."""

    def __init__(self, stage):
        self.status, self.fields = "200 OK", ""
        self.origin = stage.script(self.serve)
        self.port = self.origin.port

    def serve(self, peer):
        while peer.request() is not None:
            peer.send(plain("x", self.status, self.fields))

    def monitor(self):
        return MONITOR.format(port=self.port)


def state_of(appliance, service):
    return re.search(r"^\tstate: (.*)$", appliance.do(f"show service {service}"), re.M).group(1)


def reason_of(appliance, service):
    return re.search(r"^\treason: (.*)$", appliance.do(f"show service {service}"), re.M).group(1)


def becomes(appliance, service, state):
    wait_until(lambda: state_of(appliance, service) == state, f"{service} is {state}")


def two_tcp(stage, options="", engines=2):
    """One virtual server, two services that greet: the first is "one", with these options."""
    port, health = stage.port(), Health(stage)
    one, two = stage.script(greets("one")), stage.script(greets("two"))
    appliance = stage.run(health.monitor() + f"""
add service one 127.0.0.1 TCP {one.port} {options}
add service two 127.0.0.1 TCP {two.port} -healthMonitor NO -state DISABLED
bind service one -monitorName m
add lb vserver v TCP 127.0.0.1 {port}
bind lb vserver v one
bind lb vserver v two
""", engines)
    becomes(appliance, "one", "UP")
    return appliance, port, health


def greeted(port):
    client = Client(port)
    return client, client.until(b"\n")


def echoes(client):
    client.send("still here\n")
    return client.until(b"\n") == b"still here\n"


def test_gracefully_out_of_service(stage):
    """-graceFul YES: who is there stays, who is new goes elsewhere, and with the last it is over."""
    appliance, port, _ = two_tcp(stage)
    client, name = greeted(port)
    assert name == b"one\n"
    appliance.do("enable service two", "disable service one -graceFul YES")
    assert state_of(appliance, "one") == "GOING OUT OF SERVICE"
    assert "until nobody is served any more" in reason_of(appliance, "one")
    for _ in range(4):
        late, name = greeted(port)
        late.close()
        assert name == b"two\n"
    assert echoes(client)
    assert state_of(appliance, "one") == "GOING OUT OF SERVICE"
    client.close()
    becomes(appliance, "one", "OUT OF SERVICE")
    assert reason_of(appliance, "one") == "disabled, nobody is served any more"
    log = appliance.log()
    assert log.count("service one is going out of service: disabled") == 1
    assert log.count("service one is out of service: disabled, nobody is served any more") == 1
    appliance.do("enable service one")
    becomes(appliance, "one", "UP")


def test_nobody_there_is_out_soon(stage):
    """Gracefully, but without a client there is nothing to wait for, delay or not."""
    appliance, _, _ = two_tcp(stage)
    appliance.do("disable service one 3600 -graceFul YES")
    becomes(appliance, "one", "OUT OF SERVICE")
    # Disabled once more it is not on its way out again.
    appliance.do("disable service one 3600")
    assert state_of(appliance, "one") == "OUT OF SERVICE"


@pytest.mark.parametrize("flush", ["ENABLED", "DISABLED"])
def test_out_of_service_after_a_delay(stage, flush):
    """A delay: who is there has that long. Then -downStateFlush decides what becomes of them."""
    appliance, port, _ = two_tcp(stage, f"-downStateFlush {flush}")
    client, _ = greeted(port)
    appliance.do("disable service one 1")
    assert state_of(appliance, "one") == "GOING OUT OF SERVICE"
    assert "for 1 s at most" in reason_of(appliance, "one")
    assert echoes(client)
    becomes(appliance, "one", "OUT OF SERVICE")
    assert reason_of(appliance, "one") == "disabled, the delay is over"
    assert client.is_ended() if flush == "ENABLED" else echoes(client)
    client.close()


def test_a_delay_outlives_the_data_process(stage):
    """Who is known to the service comes back to it until the delay is over; others go elsewhere. A
    delay that has ended, and what was disabled at once, stay out."""
    appliance, port, _ = two_tcp(stage)
    appliance.do("set lb vserver v -persistenceType SOURCEIP")
    client, _ = greeted(port)
    client.close()
    appliance.do("enable service two", "disable service one 3600")
    old = appliance.data_process()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
    wait_until(appliance.is_ready, "commands are answered again")
    becomes(appliance, "one", "GOING OUT OF SERVICE")
    assert re.search(r"for 3[56]\d\d s at most", reason_of(appliance, "one"))
    client, name = greeted(port)
    assert name == b"one\n"
    client.close()
    with Client(port, source=("127.9.9.9", 0)) as client:
        assert client.until(b"\n") == b"two\n"
    appliance.do("disable service one", "enable service one", "disable service one 1")
    becomes(appliance, "one", "OUT OF SERVICE")
    old = appliance.data_process()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
    wait_until(appliance.is_ready, "commands are answered again")
    assert state_of(appliance, "one") == "OUT OF SERVICE"


def test_disabled_at_once_lets_clients_finish(stage):
    """Without a delay: nothing new at once, and what is under way ends by itself."""
    appliance, port, _ = two_tcp(stage)
    client, _ = greeted(port)
    appliance.do("disable service one")
    assert state_of(appliance, "one") == "OUT OF SERVICE"
    assert is_dropped(port)
    assert echoes(client)
    client.close()


@pytest.mark.parametrize("flush", ["ENABLED", "DISABLED"])
def test_down_state_flush_of_a_service(stage, flush):
    """UP to DOWN: -downStateFlush ENABLED cuts the connections of the service, DISABLED does not.
    Another service keeps the virtual server up."""
    appliance, port, health = two_tcp(stage, f"-downStateFlush {flush}")
    client, _ = greeted(port)
    appliance.do("enable service two")
    health.status = "503 Unavailable"
    becomes(appliance, "one", "DOWN")
    assert reason_of(appliance, "one") == "monitor m: HTTP status 503, expected 200"
    assert "service one is down: monitor m: HTTP status 503, expected 200" in appliance.log()
    assert client.is_ended() if flush == "ENABLED" else echoes(client)
    client.close()
    health.status = "200 OK"
    becomes(appliance, "one", "UP")


@pytest.mark.parametrize("flush", ["ENABLED", "DISABLED"])
def test_down_state_flush_of_a_virtual_server(stage, flush):
    """The last service goes down: -downStateFlush of the virtual server decides about clients that
    stay connected between requests: with a backup they go on there."""
    port, health, origin = stage.port(), Health(stage), stage.origin("web")
    other = stage.origin("backup")
    appliance = stage.run(health.monitor() + f"""
add service s 127.0.0.1 HTTP {origin.port}
bind service s -monitorName m
add lb vserver v HTTP 127.0.0.1 {port} -downStateFlush {flush}
bind lb vserver v s
add service t 127.0.0.1 HTTP {other.port} -healthMonitor NO
add lb vserver spare HTTP 0.0.0.0 0
bind lb vserver spare t
""", 2)
    with Client(port) as client, Client(port) as silent:
        assert client.get().status == 200
        health.status = "500 No"
        becomes(appliance, "s", "DOWN")
        wait_until(lambda: "vserver v is down: 0 of 1 services are up" in appliance.log())
        if flush == "ENABLED":
            assert client.is_ended()
        else:
            assert client.get().status == 503
        # Who has not asked yet has nothing that could be cut.
        assert silent.get().status == 503
        appliance.do("set lb vserver v -backupVServer spare")
        assert silent.get().body == b"backup\n"
        health.status = "200 OK"
        becomes(appliance, "s", "UP")
        assert silent.get().body == b"web\n"


@pytest.mark.parametrize("engines", [1, 4])
def test_down_state_flush_of_a_request_in_work(stage, engines):
    """The last service goes down: who waits for its answer is reset, on a kept connection too; who
    waits in line for a use is told."""
    port, health, origin = stage.port(), Health(stage), stage.keep(GateOrigin(stage.port(), "web"))
    appliance = stage.run(health.monitor() + f"""
add service s 127.0.0.1 HTTP {origin.port}
bind service s -monitorName m
add lb vserver v HTTP 127.0.0.1 {port} -soMethod REQUEST -soThreshold 1 -soQueueDepth 5 -soQueueTimeout 600000
bind lb vserver v s
""", engines)
    with Client(port) as client, Client(port) as waiting:
        origin.gate.set()
        assert client.get().status == 200
        origin.gate.clear()
        client.send(GET)
        wait_until(lambda: origin.active == 1, "it is in work")
        waiting.send(GET)
        wait_until(lambda: appliance.vserver("v")["queued"] == 1, "it waits in line")
        health.status = "500 No"
        becomes(appliance, "s", "DOWN")
        assert client.is_reset()
        assert waiting.response().status == 503


def test_down_when_going_out_of_service(stage):
    """While it goes out of service its monitors go on."""
    appliance, port, health = two_tcp(stage, "-downStateFlush DISABLED")
    client, _ = greeted(port)
    appliance.do("set lb vserver v -downStateFlush DISABLED", "disable service one -graceFul YES")
    health.status = "500 No"
    becomes(appliance, "one", "DOWN WHEN GOING OUT OF SERVICE")
    assert "HTTP status 500" in reason_of(appliance, "one")
    health.status = "200 OK"
    becomes(appliance, "one", "GOING OUT OF SERVICE")
    client.close()
    becomes(appliance, "one", "OUT OF SERVICE")


def test_unknown_until_the_first_answer(stage):
    """A server that takes the question and does not answer: nothing is known until the time-out."""
    def say_nothing(peer):
        while peer.more():
            pass

    silent = stage.script(say_nothing)
    appliance = stage.run("")
    appliance.do("add lb monitor m HTTP -interval 60 -resptimeout 50", "add serviceGroup g HTTP",
                 "bind serviceGroup g -monitorName m",
                 f"bind serviceGroup g 127.0.0.1 {silent.port}")
    assert "HTTP  UNKNOWN  no -maxClient  monitor m: not probed yet" in \
        appliance.do("show serviceGroup g")


def test_servers_and_members_go_gracefully(stage):
    """disable server and disable serviceGroup, of all or of one member."""
    port, one, two = stage.port(), stage.script(greets("one")), stage.script(greets("two"))
    appliance = stage.run(f"""
add server host 127.0.0.1
add serviceGroup g TCP -healthMonitor NO
bind serviceGroup g host {one.port}
bind serviceGroup g 127.0.0.1 {two.port} -state DISABLED
add lb vserver v TCP 127.0.0.1 {port}
bind lb vserver v g
""")

    def states():
        shown = appliance.do("show serviceGroup g")
        return re.findall(r"^\t\tg\?\S+  \S+  TCP  ((?:[A-Z]+ ?)+)  ", shown, re.M)

    client, name = greeted(port)
    assert name == b"one\n"
    for down, up in (("disable server host 3600", "enable server host"),
                     ("disable serviceGroup g -delay 3600", "enable serviceGroup g"),
                     (f"disable serviceGroup g host {one.port} -delay 3600 -graceFul NO",
                      f"enable serviceGroup g host {one.port}")):
        appliance.do(down)
        assert states()[0] == "GOING OUT OF SERVICE", down
        assert is_dropped(port) and echoes(client)
        appliance.do(up)
        assert states()[0] == "UP", up
    appliance.do("disable server host -graceFul YES")
    client.close()
    wait_until(lambda: states()[0] == "OUT OF SERVICE", "the last has left")


def test_what_cannot_be_is_refused(stage):
    appliance = stage.run("add service s 127.0.0.1 TCP 9 -healthMonitor NO\n"
                          "add serviceGroup g TCP\nbind serviceGroup g 127.0.0.1 9\n")
    assert "soon is no delay: 0 to 31536000 seconds" in appliance.refuse("disable service s soon")
    assert "no delay" in appliance.refuse("disable service s 31536001")
    assert "no delay" in appliance.refuse("disable serviceGroup g -delay x")
    assert "YES" in appliance.refuse("disable service s -graceFul MAYBE")
    assert state_of(appliance, "s") == "UP"


def test_a_webhook_hears_of_every_change(stage):
    """-stateWebhook: JSON with the state, what it was and why; also while the hook is slow to
    come."""
    heard = []

    def hook(peer):
        request = peer.request()
        if request is not None:
            heard.append((request.target, json.loads(request.body)))
            peer.send(plain("fine"))

    appliance, _, health = two_tcp(stage)
    port = stage.port()
    appliance.do(f"set ns param -stateWebhook http://127.0.0.1:{port}/state")
    health.status = "503 Unavailable"
    becomes(appliance, "one", "DOWN")
    stage.script(hook, port)  # only now somebody listens there
    wait_until(lambda: len(heard) == 2, "the service and the virtual server")
    assert all(target == "/state" for target, _ in heard)
    service, vserver = (body for _, body in heard)
    assert (service["event"], service["name"]) == ("service", "one")
    assert (service["state"], service["was"]) == ("DOWN", "UP")
    assert service["reason"] == "monitor m: HTTP status 503, expected 200"
    assert (vserver["event"], vserver["name"]) == ("lb vserver", "v")
    assert vserver["reason"] == "0 of 2 services are up"
    appliance.do("disable service one")
    wait_until(lambda: len(heard) == 3, "disabling is a change")
    assert heard[2][1]["state"] == "OUT OF SERVICE" and heard[2][1]["reason"] == "disabled"
    appliance.do("enable service one", "set lb monitor m HTTP -state DISABLED")
    wait_until(lambda: [body["state"] for _, body in heard if body["name"] == "one"][-2:] ==
               ["UNKNOWN", "UP"], "another monitor decides, and what was told once is told on")
    for url, why in (("ftp://127.0.0.1/", "begins with http://"),
                     ("http://somewhere/", "its host is no address")):
        assert why in appliance.refuse(f"set ns param -stateWebhook {url}")
    assert f"-stateWebhook http://127.0.0.1:{port}/state" in appliance.running_config()
