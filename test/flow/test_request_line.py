# SPDX-License-Identifier: Apache-2.0
"""Requests that wait in line for a full virtual server, on kept connections: first in, first out
over all engines; who gives up leaves no trace; who waited too long, or finds the line full, spills."""
import contextlib
import signal
import threading

import pytest

from spillway import LIMIT, Client, ScriptOrigin, field, plain, wait_until
from test_queue import ENDS, Ends
from test_spillover import two_pools
from test_states import becomes

ENGINES = [1, 4]
PATIENT = "-soQueueTimeout 600000"


class StepOrigin(ScriptOrigin):
    """An HTTP origin that answers one request for each step, in the order in which they came."""

    def __init__(self, port, name):
        self.name, self.asked, self.steps = name, [], threading.Semaphore(0)
        self.lock, self.active, self.active_peak = threading.Lock(), 0, 0
        super().__init__(port, self.answer)

    def answer(self, peer):
        while request := peer.request():
            with self.lock:
                self.asked.append(request.target)
                self.active += 1
                self.active_peak = max(self.active_peak, self.active)
            self.steps.acquire(timeout=LIMIT)
            with self.lock:
                self.active -= 1
            peer.send(plain(self.name))

    def step(self, count=1):
        self.steps.release(count)

    def close(self):
        self.step(10000)
        super().close()


def waiting(stage, engines, limit=1, queue=f"-soQueueDepth 100 {PATIENT}", options=()):
    config, port, one, two = two_pools(
        stage, "HTTP", f"-soMethod REQUEST -soThreshold {limit}", f"set lb vserver web {queue}")
    primary = stage.keep(StepOrigin(one, "primary"))
    stage.origin("backup", port=two)
    return stage.run(config, engines, options=options), port, primary


def ask(client, target):
    return client.send(f"GET /{target} HTTP/1.1\r\nHost: test\r\n\r\n")


def hold(port, primary, target="holder"):
    """A request that has the only use."""
    client = ask(Client(port), target)
    wait_until(lambda: f"/{target}" in primary.asked, "it is in work")
    return client


def join(appliance, port, index, count):
    """One more client, with a request in line when this returns, the `count`th."""
    client = ask(Client(port, source=(f"127.0.1.{1 + index}", 0)), index)
    wait_until(lambda: appliance.vserver("web")["queued"] == count, f"{count} wait")
    return client


def body(client):
    return client.response().body.decode().strip()


def is_empty(appliance):
    numbers = appliance.vserver("web")
    return numbers["queued"] == 0 and numbers["requests_active"] == 0


@pytest.mark.parametrize("engines", ENGINES)
def test_first_in_first_out(stage, engines):
    appliance, port, primary = waiting(stage, engines)
    clients = [hold(port, primary)]
    clients += [join(appliance, port, index, index + 1) for index in range(12)]
    for client in clients:
        primary.step()
        assert body(client) == "primary"
    assert primary.asked == ["/holder"] + [f"/{index}" for index in range(12)]
    # The connections were kept: each may ask again.
    ask(clients[3], "again")
    primary.step()
    assert body(clients[3]) == "primary"
    assert primary.active_peak == 1
    numbers = appliance.vserver("web")
    assert (numbers["queued_total"], numbers["queue_served"], numbers["spilled"]) == (12, 12, 0)
    for client in clients:
        client.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_many_in_a_closed_loop(stage, engines):
    """Never more than the limit in work, nobody spills, and the account is even."""
    appliance, port, primary = waiting(stage, engines, limit=3)
    clients = [ask(Client(port), index) for index in range(40)]
    wait_until(lambda: appliance.vserver("web")["queued"] == 37, "37 wait")
    wait_until(lambda: primary.active == 3, "three are in work")
    primary.step(200)
    for turn in range(5):
        for client in clients:
            assert body(client) == "primary"
            if turn < 4:
                ask(client, "more")
    assert (primary.active_peak, len(primary.asked)) == (3, 200)
    wait_until(lambda: is_empty(appliance), "nothing is left")
    numbers = appliance.vserver("web")
    assert numbers["queued_total"] == numbers["queue_served"] >= 37
    assert (numbers["requests_total"], numbers["spilled"]) == (200, 0)
    for client in clients:
        client.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_pipelined_requests_keep_their_order(stage, engines):
    appliance, port, primary = waiting(stage, engines)
    holder = hold(port, primary)
    client = join(appliance, port, 0, 1)
    ask(client, "second"), ask(client, "third")
    primary.step()
    assert body(holder) == "primary"
    primary.step(3)
    assert [body(client) for _ in range(3)] == ["primary"] * 3
    assert primary.asked == ["/holder", "/0", "/second", "/third"]
    holder.close(), client.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_who_gives_up_leaves_no_trace(stage, engines):
    appliance, port, primary = waiting(stage, engines)
    holder = hold(port, primary)
    clients = [join(appliance, port, index, index + 1) for index in range(8)]
    clients[0].reset(), clients[3].close(), clients[4].shut(), clients[7].reset()
    wait_until(lambda: appliance.vserver("web")["queued"] == 4, "four wait")
    for client in [holder] + [clients[index] for index in (1, 2, 5, 6)]:
        primary.step()
        assert body(client) == "primary"
        client.close()
    assert primary.asked == ["/holder", "/1", "/2", "/5", "/6"]
    wait_until(lambda: is_empty(appliance), "nothing is left")
    numbers = appliance.vserver("web")
    assert (numbers["queue_left"], numbers["queue_served"], numbers["spilled"]) == (4, 4, 0)
    client = hold(port, primary, "last")
    primary.step()
    assert body(client) == "primary"
    client.close(), clients[4].close()


@pytest.mark.parametrize("engines", ENGINES)
def test_time_out_and_overflow_spill(stage, engines):
    """To the backup; the client stays, and is served by the primary when that has room."""
    appliance, port, primary = waiting(stage, engines, queue="-soQueueDepth 2 -soQueueTimeout 300")
    holder = hold(port, primary)
    clients = [ask(Client(port), index) for index in range(6)]
    assert [body(client) for client in clients] == ["backup"] * 6
    numbers = appliance.vserver("web")
    assert numbers["queued_total"] == numbers["queue_timed_out"] >= 2
    assert numbers["queue_timed_out"] + numbers["queue_crowded"] == 6
    assert (numbers["spilled"], numbers["queued"]) == (6, 0)
    primary.step(2)
    assert body(holder) == "primary"
    assert body(ask(clients[0], "again")) == "primary"
    for client in clients + [holder]:
        client.close()


def test_without_a_backup_it_is_told_so(stage):
    appliance, port, primary = waiting(stage, 2, queue="-soQueueDepth 5 -soQueueTimeout 100")
    appliance.do("unset lb vserver web -backupVServer")
    holder = hold(port, primary)
    client = Client(port)
    response = ask(client, "late").response()
    assert (response.status, field(response, "Retry-After")) == (503, "5")
    primary.step(2)
    assert body(holder) == "primary"
    assert body(ask(client, "again")) == "primary"
    holder.close(), client.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_a_raised_limit_serves_the_oldest(stage, engines):
    appliance, port, primary = waiting(stage, engines)
    clients = [hold(port, primary)]
    clients += [join(appliance, port, index, index + 1) for index in range(6)]
    appliance.do("set lb vserver web -soThreshold 4")
    wait_until(lambda: primary.active == 4, "three more are in work")
    assert sorted(primary.asked) == ["/0", "/1", "/2", "/holder"]
    assert appliance.vserver("web")["queued"] == 3
    primary.step(7)
    assert [body(client) for client in clients] == ["primary"] * 7
    for client in clients:
        client.close()


@pytest.mark.parametrize("engines", ENGINES)
@pytest.mark.parametrize("change", [
    "unset lb vserver web -soMethod", "set lb vserver web -soMethod CONNECTION -soThreshold 50"])
def test_a_limit_that_goes_lets_all_in(stage, engines, change):
    """Its pool is left: nobody waits for it, and no use of it is lost."""
    appliance, port, primary = waiting(stage, engines)
    clients = [hold(port, primary)]
    clients += [join(appliance, port, index, index + 1) for index in range(6)]
    appliance.do(change)
    wait_until(lambda: primary.active == 7, "all are in work")
    numbers = appliance.vserver("web")
    # The holder's use comes back where its engine hears of it first: then one more is served of it.
    assert numbers["queue_dissolved"] + numbers["queue_served"] == 6
    assert numbers["queue_dissolved"] >= (5 if engines > 1 else 6)
    assert numbers["queue_left"] == 0
    appliance.do("set lb vserver web -soMethod REQUEST -soThreshold 7")
    late = join(appliance, port, 7, 1)
    primary.step(8)
    assert [body(client) for client in clients + [late]] == ["primary"] * 8
    wait_until(lambda: is_empty(appliance), "nothing is left")
    for client in clients + [late]:
        client.close()


@pytest.mark.parametrize("engines", ENGINES)
def test_one_that_goes_down_has_no_line(stage, engines):
    """Who waits, on a kept connection too, goes to the backup at once; without one it is told."""
    ends = Ends(stage)
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod REQUEST -soThreshold 1", f"""
set lb vserver web -soQueueDepth 100 {PATIENT}{ends.config}""")
    primary = stage.keep(StepOrigin(one, "primary"))
    stage.origin("backup", port=two)
    appliance = stage.run(config, engines)
    becomes(appliance, "a", "UP")
    holder, known = hold(port, primary), Client(port)
    for turn, what in enumerate(ENDS, start=1):
        ask(known, "known")
        clients = [known] + [join(appliance, port, index, index + 2) for index in range(4)]
        ends.begin(appliance, what)
        assert [body(client) for client in clients] == ["backup"] * 5
        numbers = appliance.vserver("web")
        assert (numbers["queued"], numbers["queue_dissolved"]) == (0, 5 * turn)
        assert numbers["spilled"] + numbers["spilled_down"] == 10 * turn - 5
        # Who asks now does not wait either.
        assert [body(ask(client, "more")) for client in clients] == ["backup"] * 5
        ends.end(appliance, what)
        for client in clients[1:]:
            client.close()
    appliance.do("unset lb vserver web -backupVServer")
    client = join(appliance, port, 0, 1)
    ends.begin(appliance, "")
    assert client.response().status == 503
    assert holder.is_open()
    primary.step()
    assert body(holder) == "primary"
    assert primary.asked == ["/holder"]
    for client in (client, known, holder):
        client.close()


def test_removed_while_they_wait(stage):
    appliance, port, primary = waiting(stage, 4)
    clients = [hold(port, primary)]
    clients += [join(appliance, port, index, index + 1) for index in range(4)]
    appliance.do("rm lb vserver web")
    primary.step(5)
    for client in clients:
        with contextlib.suppress(ConnectionResetError, EOFError):
            client.response()
        client.close()
    assert "web" not in appliance.running_config()
    appliance.do("show lb vserver")


def test_a_backup_has_a_line_of_its_own(stage):
    """The primary has none: a request that spills waits for the backup, as a client there."""
    config, port, one, two = two_pools(stage, "HTTP", "-soMethod REQUEST -soThreshold 1", f"""
set lb vserver spare -soMethod CONNECTION -soThreshold 1 -soQueueDepth 5 {PATIENT}""")
    primary, backup = (stage.keep(StepOrigin(at, name))
                       for at, name in ((one, "primary"), (two, "backup")))
    appliance = stage.run(config, 2)
    first = hold(port, primary)
    second = hold(port, backup)
    third = ask(Client(port), "third")
    wait_until(lambda: appliance.vserver("spare")["queued"] == 1, "it waits for the backup")
    backup.step()
    assert body(second) == "backup"
    # One after the other: whichever has room first takes the third.
    backup.step()
    assert body(third) == "backup"
    primary.step()
    assert body(first) == "primary"
    wait_until(lambda: appliance.vserver("spare")["clients"] == 0, "nobody is left")
    first.close(), second.close(), third.close()


def test_it_is_not_read_while_it_waits(stage):
    """What a client sends on waits in its socket, not in ours."""
    appliance, port, primary = waiting(stage, 1)
    holder = hold(port, primary)
    client = Client(port)
    client.send("POST /0 HTTP/1.1\r\nHost: test\r\nContent-Length: 67108864\r\n\r\n")
    wait_until(lambda: appliance.vserver("web")["queued"] == 1, "it waits")
    before, sent = appliance.vserver("web")["bytes_in"], 0
    client.sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while sent < 67108864:
            sent += client.sock.send(b"x" * 65536)
    assert sent < 67108864 - 65536
    assert appliance.vserver("web")["bytes_in"] == before
    client.reset()
    wait_until(lambda: appliance.vserver("web")["queue_left"] == 1, "it has left")
    primary.step()
    assert body(holder) == "primary"
    holder.close()


def test_explain_says_who_would_wait(stage):
    appliance, port, primary = waiting(stage, 2, queue=f"-soQueueDepth 2 {PATIENT}")
    assert "would wait" not in appliance.do("explain lb vserver web")
    clients = [hold(port, primary)]
    assert "a request would wait, 0 before it" in appliance.do("explain lb vserver web")
    clients.append(join(appliance, port, 0, 1))
    assert "a request would wait, 1 before it" in appliance.do("explain lb vserver web")
    clients.append(join(appliance, port, 1, 2))
    assert "a request would not wait, 2 do already" in appliance.do("explain lb vserver web")
    primary.step(3)
    assert [body(client) for client in clients] == ["primary"] * 3
    for client in clients:
        client.close()


def test_the_appliance_ends_while_requests_wait(stage):
    appliance, port, primary = waiting(stage, 4, options=("--drain-time", 1))
    clients = [hold(port, primary)]
    clients += [join(appliance, port, index, index + 1) for index in range(6)]
    appliance.kill(signal.SIGTERM)
    assert appliance.wait() == 0
    appliance.assert_sound()
    for client in clients:
        client.close()
