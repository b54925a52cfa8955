# SPDX-License-Identifier: Apache-2.0
"""What breaks, and what must not break with it: origins, our own data process, descriptors,
slow and rude clients, signals."""
import os
import pathlib
import resource
import signal
import socket
import threading
import time

import pytest

from spillway import (Client, IS_SANITIZED, LIMIT, crowd, get, greets, is_dropped, is_listening,
                      plain, run_program, tcp_names, wait_until)

RUDE = 2000 if IS_SANITIZED else 20000


def site(stage, engines=1, vserver="", service="", files_max=None, name="origin", options=()):
    """An HTTP virtual server before a built-in origin, and a TCP one before an echo."""
    ports = [stage.port() for _ in range(2)]
    origin, tcp = stage.origin(name), stage.script(greets("tcp"))
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO {service}
add service t 127.0.0.1 TCP {tcp.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {ports[0]} {vserver}
add lb vserver tcp1 TCP 127.0.0.1 {ports[1]} {vserver}
bind lb vserver web s
bind lb vserver tcp1 t
""", engines, options, files_max)
    return appliance, *ports, origin


@pytest.mark.parametrize("engines", [1, 2])
def test_an_origin_is_killed(stage, engines):
    """kill -9 of one of two under load: after the requests that it took with it, all goes on."""
    port = stage.port()
    one, two = stage.origin("one"), stage.origin("two")
    appliance = stage.run(f"""
add lb monitor m TCP -interval 500 MSEC -resptimeout 490 MSEC -downTime 50 MSEC -retries 1
add service s1 127.0.0.1 HTTP {one.port}
add service s2 127.0.0.1 HTTP {two.port}
bind service s1 -monitorName m
bind service s2 -monitorName m
add lb vserver web HTTP 127.0.0.1 {port} -lbMethod ROUNDROBIN
bind lb vserver web s1
bind lb vserver web s2
""", engines)
    wait_until(lambda: appliance.is_up("s1") and appliance.is_up("s2"), "both are up")
    for _ in range(20):
        assert get(port).status == 200
    one.kill()
    wait_until(lambda: not appliance.is_up("s1"), "the monitor sees it")
    for _ in range(50):
        assert get(port).body == b"two\n"
    stage.origin("one", port=one.port)
    wait_until(lambda: appliance.is_up("s1"), "it is back")
    wait_until(lambda: get(port).body == b"one\n", "it serves again")


def test_an_origin_is_killed_without_monitor(stage):
    """A request that cannot be sent elsewhere is an error within the time-out, not a hanging."""
    appliance, web, _, origin = site(stage)
    assert get(web).status == 200
    origin.kill()
    start = time.monotonic()
    assert get(web).status in (502, 503)
    assert time.monotonic() - start < LIMIT / 2
    assert appliance.vserver("web")["bad_gateways"] == 1


@pytest.mark.parametrize("engines", [1, 4])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_the_data_process_is_killed(stage, engines, number):
    """Under load: back within a second, the listening sockets stay open all the while, the
    configuration with its changes is there, counters and limits are whole."""
    if IS_SANITIZED and number == signal.SIGSEGV:
        pytest.skip("the sanitizer reports the signal")
    appliance, web, tcp, _ = site(stage, engines,
                                  "-soMethod CONNECTION -soThreshold 10")
    appliance.do("set service s -maxClient 77", "add service added 127.0.0.1 HTTP 1")
    with crowd(5, tcp) as clients:
        tcp_names(clients)
        old = appliance.data_process()
        os.kill(old, number)
        wait_until(lambda: not is_alive(old), "it is dead")
        start = time.monotonic()
        # The sockets are open: a client that comes now waits and is served.
        with Client(web) as client:
            assert client.get().status == 200
        # Within a second by itself; a busy machine gets more.
        assert time.monotonic() - start < LIMIT / 2
        assert is_listening(web)
        for client in clients:
            assert client.is_ended()
    wait_until(appliance.is_ready, "commands are answered again")
    assert appliance.data_process() != old
    config = appliance.running_config()
    assert "-maxClient 77" in config and "add service added" in config
    wait_until(appliance.is_quiet, "nothing of the old one is counted")
    with crowd(10, tcp) as clients:
        assert tcp_names(clients) == {"tcp": 10}
        assert is_dropped(tcp)


@pytest.mark.parametrize("engines", [1, 4])
def test_pools_outlive_the_data_process(stage, engines):
    """Their counts go on, no use of the dead is counted, what is not configured is not there."""
    appliance, _, tcp, _ = site(stage, engines, "-soMethod CONNECTION -soThreshold 10")
    with crowd(10, tcp) as clients:
        tcp_names(clients)
        assert is_dropped(tcp)
        appliance.do("rename lb vserver tcp1 tcp2", "rm lb vserver web")
        spilled = appliance.vserver("tcp2")["spilled_full"]
        assert spilled >= 1
        old = appliance.data_process()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
        wait_until(appliance.is_ready, "commands are answered again")
        numbers = appliance.vserver("tcp2")
        assert (numbers["admitted"], numbers["used"], numbers["spilled_full"]) == (10, 0, spilled)
        assert numbers["limit"] == 10
    assert "1 quota pools of the last data process" not in appliance.log()  # it was closed before
    with crowd(10, tcp) as clients:
        assert tcp_names(clients) == {"tcp": 10}
        assert is_dropped(tcp)
        assert appliance.vserver("tcp2")["admitted"] == 20


@pytest.mark.parametrize("engines", [1, 4])
def test_counters_outlive_the_data_process(stage, engines):
    """What was counted goes on, under a new name too, and what -clearstats hid stays hidden; what is
    there now is counted anew; what is removed begins at zero when it comes again."""
    appliance, web, tcp, _ = site(stage, engines, "-soMethod CONNECTION -soThreshold 3")
    for _ in range(5):
        assert get(web).status == 200
    appliance.do("stat service s -clearstats basic", "rename lb vserver web web2")
    for _ in range(2):
        assert get(web).status == 200
    with crowd(3, tcp) as clients:
        tcp_names(clients)
        assert is_dropped(tcp)
        wait_until(lambda: appliance.vserver("tcp1")["spillover_episodes"] == 1, "it spills")
        wait_until(lambda: appliance.vserver("tcp1")["clients_peak"] == 3, "the peak was looked at")
        old = appliance.data_process()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
        wait_until(appliance.is_ready, "commands are answered again")
    numbers = appliance.vserver("tcp1")
    assert (numbers["clients"], numbers["clients_total"], numbers["refused"]) == (0, 3, 1)
    assert (numbers["spillover_episodes"], numbers["clients_peak"]) == (1, 3)
    assert appliance.vserver("web2")["requests_total"] == 7
    assert appliance.service("s")["requests_total"] == 2
    assert appliance.engine_gauges()["clients"] == 0
    with crowd(3, tcp) as clients:
        assert tcp_names(clients) == {"tcp": 3}
        assert appliance.vserver("tcp1")["clients_total"] == 6
    assert get(web).status == 200
    assert appliance.vserver("web2")["requests_total"] == 8
    wait_until(appliance.is_quiet, "all have left")
    appliance.do("rm lb vserver web2", f"add lb vserver web2 HTTP 127.0.0.1 {web}")
    assert appliance.vserver("web2")["requests_total"] == 0


@pytest.mark.parametrize("engines", [1, 4])
def test_killed_under_load(stage, engines):
    """Eight clients ask without a pause while the data process is killed three times: each time
    they are served again, and in the end no use is lost."""
    appliance, web, _, _ = site(stage, engines, "-soMethod CONNECTION -soThreshold 8",
                                "-maxClient 3")
    stop, served = threading.Event(), [0]

    def ask():
        while not stop.is_set():
            try:
                with Client(web) as client:
                    for _ in range(20):
                        served[0] += client.get().status == 200
            except (OSError, EOFError):
                continue  # it was with the one that died

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for deaths in range(3):
        before, admitted = served[0], appliance.vserver("web")["admitted"]
        # 20 a connection: eight may go on with theirs, and then there are others.
        wait_until(lambda: served[0] > before + 300, "the load goes on")
        old = wait_until(appliance.data_process, "there is one")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: appliance.data_process() not in (None, old), "there is a new one")
        wait_until(appliance.is_ready, "commands are answered again")
        numbers = appliance.vserver("web")
        assert numbers["admitted"] >= admitted + 5 and numbers["limit"] == 8
        assert numbers["engine_deaths"] == engines * (deaths + 1)
    before = served[0]
    wait_until(lambda: served[0] > before + 100, "and on")
    stop.set()
    for thread in threads:
        thread.join()
    wait_until(appliance.is_quiet, "all have left")
    with crowd(8, web) as clients:
        for client in clients:
            assert client.get().status == 200


def test_killed_again_and_again(stage):
    """A crash loop backs off but does not give up."""
    appliance, web, _, _ = site(stage)
    for _ in range(4):
        old = wait_until(appliance.data_process, "there is a data process")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: appliance.data_process() not in (None, old), "it is started again")
    assert get(web).status == 200


def test_a_restart_that_cannot_be_yet(stage):
    """No descriptor is left when the data process dies: the supervisor waits until there is."""
    appliance, web, _, _ = site(stage)
    assert get(web).status == 200
    supervisor = appliance.process.pid
    before = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (3, before[1]))
    os.kill(appliance.data_process(), signal.SIGKILL)
    wait_until(lambda: "no data process can be started" in appliance.log(), "it is said")
    assert appliance.process.poll() is None
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, before)
    wait_until(lambda: get(web).status == 200, "it serves again")


def test_more_listeners_than_the_soft_limit(stage):
    """The supervisor holds them all, and the configuration, whatever limit it was started with."""
    port = stage.port()
    appliance = stage.run(f"add lb vserver v[1-50] HTTP 127.0.0.[1-50] {port}\n", 2,
                          prefix=("sh", "-c", 'ulimit -Sn 40; exec "$@"', "sh"))
    appliance.do("set lb vserver v1 -comment kept")
    old = appliance.data_process()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: appliance.data_process() not in (None, old), "it is started again")
    wait_until(lambda: appliance.cli("show ns version").status == 0, "it answers")
    assert "-comment kept" in appliance.running_config()
    assert is_listening(port)


def test_a_start_without_descriptors(tmp_path):
    """What an appliance cannot start without is said, and it ends: it is not tried for ever."""
    config = tmp_path / "empty.conf"
    config.write_text("")
    for most in (9, 16, 24):
        answer = run_program("run", "-c", config, "-s", tmp_path / "socket", "--engines", 8,
                             preexec_fn=lambda: resource.setrlimit(
                                 resource.RLIMIT_NOFILE, (most, most)))
        assert (answer.status, "out of descriptors" in answer.error) == (1, True), answer


def test_the_supervisor_is_killed(stage):
    """Nobody is left behind."""
    appliance, web, _, _ = site(stage)
    child = appliance.data_process()
    appliance.process.kill()
    appliance.wait()
    wait_until(lambda: not is_alive(child), "the data process has ended")
    wait_until(lambda: not is_listening(web), "the port is free")
    stage.appliances.remove(appliance)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_out_of_descriptors(stage):
    """More clients than descriptors: those inside are served, no spin, no exit; when some leave,
    the others come in; said once in the log."""
    appliance, web, tcp, _ = site(stage, files_max=120)
    with crowd(100, tcp) as clients:
        served = 0
        for client in clients[:20]:
            assert client.until(b"\n") == b"tcp\n"
            served += 1
        wait_until(lambda: any(word in appliance.log().lower() for word in
                               ("descriptor", "too many open files")), "it is said")
        before = cpu_seconds(appliance)
        threading.Event().wait(1)
        assert cpu_seconds(appliance) - before < 0.5
        for client in clients[:60]:
            client.close()
        for client in clients[60:]:
            assert client.until(b"\n") == b"tcp\n"
    wait_until(lambda: get(web).status == 200, "all is well again")
    assert appliance.log().lower().count("descriptor") < 10


def cpu_seconds(appliance):
    with open(f"/proc/{appliance.data_process()}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


STATES = {
    "connected": b"",
    "in a request line": b"GET /abc",
    "in a head": b"GET / HTTP/1.1\r\nHost: t\r\nX-Half",
    "in a body": b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nsome",
    "in a chunk": b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "waiting for an answer": b"GET /?hold=20000 HTTP/1.1\r\nHost: t\r\n\r\n",
    "in an answer": b"GET /?size=10000000 HTTP/1.1\r\nHost: t\r\n\r\n",
    "pipelining": b"GET / HTTP/1.1\r\nHost: t\r\n\r\n" * 3 + b"GET",
    "after nonsense": b"\x00\x01\x02\r\n\r\n",
    "in a tunnel": b"GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nabc",
}


@pytest.mark.parametrize("engines", [1, 4])
def test_rude_clients_in_every_state(stage, engines):
    """20,000 connections in all, reset in every state of a request: afterwards every counter of
    what is there is zero, and the next client is served."""
    appliance, web, _, _ = site(stage, engines)
    batch = 250
    rounds = RUDE // 2 // batch // len(STATES) or 1
    for data in STATES.values():
        for _ in range(rounds):
            with crowd(batch, web) as clients:
                for number, client in enumerate(clients):
                    try:
                        client.send(data)
                    except ConnectionError:
                        pass
                    if number % 3 == 0:
                        client.reset()
                for client in clients:
                    client.reset()
    wait_until(appliance.is_quiet, "all have left")
    assert get(web).status == 200
    for name, value in appliance.stat("lb vserver", "web").items():
        assert value >= 0, name


def test_rude_tcp_clients(stage):
    appliance, _, tcp, _ = site(stage, 2)
    for _ in range(RUDE // 10 // 200):
        with crowd(200, tcp) as clients:
            for number, client in enumerate(clients):
                if number % 2:
                    client.send("x" * number)
                if number % 3 == 0:
                    client.shut()
            for client in clients:
                client.reset()
    wait_until(appliance.is_quiet, "all have left")
    with Client(tcp) as client:
        assert client.until(b"\n") == b"tcp\n"


@pytest.mark.skipif(IS_SANITIZED, reason="the sanitizer's memory is not limited so")
def test_out_of_memory(stage):
    """No memory for control: changes are refused as a whole, what is there is served by the same
    process, and when there is memory again changes are taken again."""
    appliance, web, _, _ = site(stage, 2)
    child = appliance.data_process()
    assert get(web).status == 200
    wide = resource.prlimit(child, resource.RLIMIT_AS)
    pages = int(pathlib.Path(f"/proc/{child}/statm").read_text().split()[0])
    resource.prlimit(child, resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 20), wide[1]))
    text, count = "x" * 1000, 0
    while True:
        answer = appliance.cli(*(f'add service m{count + n} 127.0.0.1 HTTP {n + 1} -state DISABLED '
                                 f'-comment {text}' for n in range(50)))
        if answer.status != 0:
            break
        count += 50
        assert count < 20000
    assert "there is no memory: nothing was changed" in answer.text + answer.error
    assert get(web).status == 200
    before = appliance.running_config()
    appliance.refuse("set service s -maxClient 7")
    assert appliance.running_config() == before and appliance.data_process() == child
    resource.prlimit(child, resource.RLIMIT_AS, wide)
    appliance.do("set service s -maxClient 7")
    assert "-maxClient 7" in appliance.running_config()
    assert appliance.data_process() == child


def test_slow_readers(stage):
    """200 clients ask for a megabyte each and read a few bytes: memory is bounded, others are
    served meanwhile, and in the end each has every byte."""
    appliance, web, _, _ = site(stage, 2)
    before = appliance.memory()[0]
    size = 1 << 20
    clients = [Client(web, receive_buffer=4096) for _ in range(200)]
    for client in clients:
        client.send(f"GET /?size={size} HTTP/1.1\r\nHost: t\r\n\r\n")
    for client in clients:
        client.head()
    assert get(web).status == 200
    assert appliance.memory()[1] - before < (300 << 20 if IS_SANITIZED else 100 << 20)
    for client in clients:
        assert len(client.exactly(size)) == size
        client.close()


@pytest.mark.skipif(IS_SANITIZED, reason="takes the whole minute that a head may take")
def test_slow_heads(stage):
    """Clients that send a head byte by byte, for ever, are let go; others are served meanwhile."""
    _, web, _, _ = site(stage, vserver="-cltTimeout 2")
    slow = [Client(web) for _ in range(20)]
    ended = 0
    end = time.monotonic() + 90
    for client in slow:
        client.send("GET / HTTP/1.1\r\nX: ")
    while ended < len(slow) and time.monotonic() < end:
        ended = 0
        for client in slow:
            try:
                client.send("x")
                ended += not client.is_open()
            except OSError:
                ended += 1
        assert get(web).status == 200
        threading.Event().wait(0.2)
    assert ended == len(slow)
    for client in slow:
        client.close()


def test_connect_time_out(stage):
    """A server that never answers the handshake: its backlog is full."""
    import socket
    port, web = stage.port(), stage.port()
    listener = socket.create_server(("127.0.0.1", port), backlog=0)
    fill = []
    for _ in range(4):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))
        fill.append(sock)
    stage.run(f"""
add service s 127.0.0.1 HTTP {port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {web}
bind lb vserver web s
""")
    response = get(web)
    assert response.status in (502, 504)
    for sock in fill:
        sock.close()
    listener.close()


def test_sigterm_drains(stage):
    """New clients are refused or wait, those in work are finished, then it ends with 0."""
    release = threading.Event()

    def serve(peer):
        peer.request()
        release.wait(60)
        peer.send(plain("late"))
        peer.more()

    port = stage.port()
    origin = stage.script(serve)
    appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port} -healthMonitor NO
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web s
""", 2)
    with Client(port) as client:
        client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        wait_until(lambda: origin.received, "the server has it")
        appliance.kill(signal.SIGTERM)
        wait_until(lambda: not is_listening(port), "it listens no more")
        assert appliance.process.poll() is None
        release.set()
        assert client.response().body == b"late"
        assert client.is_ended()
    assert appliance.wait() == 0


def test_sigterm_with_idle_clients(stage):
    """A keep-alive connection without a request does not hold a drain up."""
    appliance, web, _, _ = site(stage)
    with Client(web) as client:
        client.get()
        appliance.kill(signal.SIGTERM)
        assert appliance.wait() == 0
        assert client.is_ended()


def test_sigint_ends_at_once(stage):
    """With clients in work: they are cut, and it ends."""
    appliance, web, tcp, _ = site(stage, 2)
    with Client(tcp) as one, Client(web) as two:
        one.until(b"\n")
        two.send("GET /?hold=30000 HTTP/1.1\r\nHost: t\r\n\r\n")
        wait_until(lambda: appliance.vserver("web")["clients"] == 1, "both are in")
        start = time.monotonic()
        appliance.kill(signal.SIGINT)
        assert appliance.wait() == 0
        assert time.monotonic() - start < 25
        assert one.is_ended() and two.is_ended()


def test_more_engines_than_cores(stage):
    appliance, web, tcp, _ = site(stage, 32)
    with crowd(100, tcp) as clients:
        assert tcp_names(clients) == {"tcp": 100}
    assert get(web).status == 200
    assert appliance.vserver("tcp1")["clients_total"] == 100


def test_an_idle_appliance_sleeps(stage):
    """Nothing wakes an idle engine: next to no CPU time in two seconds. On a busy machine a tick of
    somebody else may be charged to it: then once more."""
    appliance, web, _, _ = site(stage, 4)
    assert get(web).status == 200

    def used():
        before = cpu_seconds(appliance)
        threading.Event().wait(2)
        return cpu_seconds(appliance) - before

    assert any(used() <= 0.05 for _ in range(3))
