# SPDX-License-Identifier: Apache-2.0
"""A day in short: services flap, limits change, clients arrive in bursts, polite ones and others,
wait in line or do not; afterwards every client and every request is accounted for, exactly, and
nothing is left.

SOAK_SECONDS makes it longer (script/soak: ten minutes), RANDOM_SEED repeats it as far as threads
allow."""
import collections
import contextlib
import os
import pathlib
import random
import re
import threading
import time

import pytest

from spillway import Client, answers, field, greets, plain, wait_until
from test_random import assert_nothing_leaked

SECONDS = float(os.environ.get("SOAK_SECONDS", 4))
PLACES = ("primary", "second", "third")
ROOM, KEPT = "asked_with_room", "kept_by_a_backup"
LIMITS = {"HTTP": "CONNECTION", "TCP": "CONNECTION", "REQUEST": "REQUEST"}
GET = "GET / HTTP/1.1\r\nHost: test\r\n"


# What a client may meet.
GONE = OSError, EOFError, ValueError, IndexError


def takes_its_time(chance):
    def serve(peer):
        while peer.request():
            time.sleep(chance.choice((0, 0.001, 0.01)))
            peer.send(plain("x" * 3000))
    return serve


class Soak:
    """Three chains of three virtual servers each: HTTP and TCP with a limit of clients, and HTTP
    with one of requests in flight."""

    def __init__(self, stage, engines, action):
        seed = int(os.environ.get("RANDOM_SEED", random.randrange(1 << 30)))
        print("RANDOM_SEED", seed)
        self.chance = random.Random(seed)
        self.begin = time.monotonic()
        self.ports = {name: stage.port() for name in LIMITS}
        config = "".join(self.chain(stage, name, action) for name in LIMITS)
        self.appliance = stage.run(config, engines)
        # Clients of each chain, or requests, that came; what else happened.
        self.tried = dict.fromkeys(LIMITS, 0)
        self.happened = collections.Counter()
        self.lock = threading.Lock()

    def chain(self, stage, chain, action):
        protocol = "TCP" if chain == "TCP" else "HTTP"
        serve = {"HTTP": answers(plain("x" * 3000)), "TCP": greets("hello"),
                 "REQUEST": takes_its_time(self.chance)}[chain]
        lines = []
        for place, name in reversed(list(enumerate(PLACES))):
            backup = f"-backupVServer {chain}-{PLACES[place + 1]}" if place < 2 else ""
            where = f"127.0.0.1 {self.ports[chain]}" if place == 0 else "0.0.0.0 0"
            kind = "COOKIEINSERT" if chain == "REQUEST" else "SOURCEIP"
            lines += [f"add lb vserver {chain}-{name} {protocol} {where}"
                      f" -soMethod {LIMITS[chain]} -soThreshold {20 - 5 * place} {backup}"
                      f" -soQueueDepth 8 -soQueueTimeout 50 -soPersistence ENABLED"
                      f" -persistenceType {kind} {action if place == 2 else ''}"]
            for number in (1, 2):
                service = f"{chain}-{name}-{number}"
                port = stage.script(serve).port
                lines += [f"add service {service} 127.0.0.1 {protocol} {port} -healthMonitor NO"
                          f" -svrTimeout 2 -maxClient 12 -sp {'ON' if number == 1 else 'OFF'}",
                          f"bind lb vserver {chain}-{name} {service}"]
        return "\n".join(lines) + "\n"

    # --- clients ---

    def came(self, chain):
        with self.lock:
            self.tried[chain] += 1

    def burst(self, chance):
        chain, clients = chance.choice(list(self.ports)), []
        with self.lock:
            self.happened["bursts"] += 1
        for _ in range(chance.randrange(1, 40)):
            if chain != "REQUEST":
                self.came(chain)
            try:
                # One in line for a service waits for others of this very burst: not for ever.
                clients.append(Client(self.ports[chain], limit=1,
                                      source=(f"127.0.2.{chance.randrange(1, 30)}", 0)))
            except ConnectionError:
                pass  # it was accepted and reset before connect() returned
        if chain == "REQUEST":
            self.ask(clients, chance)
        for client in clients:
            with contextlib.suppress(*GONE):
                if chain != "REQUEST":
                    self.act(client, chain, chance)
            client.close()

    def act(self, client, chain, chance):
        what = chance.random()
        if what < 0.1:
            client.reset()
            return
        if chain == "HTTP":
            client.send((GET + "\r\n")[:None if what < 0.9 else 9])
        else:
            client.send("hello\n")
        if what < 0.6:
            client.response() if chain == "HTTP" else client.until(b"\n")
        elif what < 0.7:
            client.shut()

    def ask(self, clients, chance):
        """All of them at once, some more than once. Who does not wait for the answer goes politely:
        what a reset takes with it nobody could count."""
        cookies = dict.fromkeys(clients, "")
        while clients:
            for client in clients:
                client.send(GET + cookies[client] + "\r\n")
                self.came("REQUEST")
            here, clients = clients, []
            for client in here:
                with contextlib.suppress(*GONE):
                    if chance.random() < 0.8:
                        cookie = field(client.response(), "Set-Cookie")
                        cookies[client] = cookie and f"Cookie: {cookie.split(';')[0]}\r\n" or ""
                        if chance.random() < 0.6:
                            clients.append(client)
                            continue
                client.close()

    # --- the operator ---

    def flap(self, chance, chain, place):
        # A virtual server that is down cuts its clients, and with them requests that nobody read;
        # and requests of clients that it has already ask its backup, who counts them once more.
        number = chance.choice((1, 2)) if chain == "TCP" else 2
        return [f"disable service {chain}-{place}-{number}"] + [
            f"enable service {chain}-{place}-{number}"] * chance.randrange(2)

    def change(self, chance, chain, place):
        if chain == "REQUEST" and chance.random() < 0.3:
            return [f"unset lb vserver {chain}-{place} -soMethod"]  # those in line are let in
        return [f"set lb vserver {chain}-{place} -soMethod {LIMITS[chain]}"
                f" -soThreshold {chance.randrange(1, 30)}"]

    def tune(self, chance, chain, place):
        vserver, service = f"{chain}-{place}", f"{chain}-{place}-{chance.choice((1, 2))}"
        return [chance.choice((
            f"set lb vserver {vserver} -soQueueDepth {chance.choice((0, 1, 8, 100))}",
            f"set lb vserver {vserver} -soQueueTimeout {chance.choice((1, 20, 500))}",
            f"set lb vserver {vserver} -soRamp {chance.choice((20, 50, 90))}",
            f"unset lb vserver {vserver} -soRamp",
            f"set lb vserver {vserver} -soReturn {chance.choice((10, 50, 90))}",
            f"unset lb vserver {vserver} -soReturn",
            f"set lb vserver {vserver} -soPersistence {chance.choice(('ENABLED', 'DISABLED'))}",
            f"set service {service} -sp {chance.choice(('ON', 'OFF'))}",
            f"set service {service} -maxClient {chance.choice((0, 1, 5, 12))}"))]

    def operate(self, chance):
        chain, place = chance.choice(list(self.ports)), chance.choice(PLACES)
        what, act = chance.choice((("flaps", self.flap), ("limit changes", self.change),
                                   ("settings", self.tune), ("settings", self.tune),
                                   ("services up", self.heal)))
        commands = act(chance, chain, place)
        self.appliance.do(*commands)
        self.happened[what] += len(commands)

    def heal(self, chance, chain, place):
        return [f"enable service {chain}-{place}-{number}" for number in (1, 2)]

    def run(self):
        end = time.monotonic() + SECONDS

        def go(act, chance):
            while time.monotonic() < end:
                act(chance)

        threads = [threading.Thread(target=go, args=(act, random.Random(self.chance.random())))
                   for act in [self.burst] * 4 + [self.operate]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # --- the account ---

    def judge_line(self, numbers):
        """Who stood in line was served, went away or spilled late; nobody is left."""
        assert numbers["queued"] == 0
        assert numbers["queued_total"] == (
            numbers["queue_served"] + numbers["queue_left"] + numbers["queue_timed_out"]
            + numbers["queue_dissolved"])

    def judge_clients(self, chain, first):
        """Who came was served, or refused, or left the line; and whom one does not serve asks the
        next."""
        served = sum(numbers["clients_total"] for numbers in chain)
        for numbers, after in zip(chain, chain[1:] + [None]):
            assert numbers[ROOM] == numbers["clients_total"] - numbers["accepted_over"]
            if after is not None:
                assert after[ROOM] + passed_on(after) == passed_on(numbers)
        assert first["spilled_in"] == 0
        assert first["spilled"] + first["spilled_down"] == served - first["clients_total"]
        assert sum(numbers["spilled_in"] for numbers in chain) == served - first["clients_total"]
        return served

    def judge_requests(self, chain, first):
        """Likewise; the clients are the primary's, and each request that another serves is one
        there."""
        for numbers in chain[1:]:
            assert numbers["clients_total"] == numbers["requests_total"]
            assert numbers[ROOM] == numbers["clients_total"] - numbers["accepted_over"]
        assert first["bad_requests"] == 0
        # Refused ones count as requests of the primary.
        return sum(numbers["requests_total"] for numbers in chain) - refused(first)

    def has_counted_all(self):
        """A client that has left again may not even be accepted yet."""
        for name in self.ports:
            chain = [self.appliance.vserver(f"{name}-{place}") for place in PLACES]
            come = sum(numbers["queue_left"] for numbers in chain)
            if name == "REQUEST":
                come += sum(numbers["requests_total"] for numbers in chain)
            else:
                come += sum(numbers["clients_total"] for numbers in chain) + refused(chain[0])
            if come < self.tried[name]:
                return False
        return True

    def judge(self, name):
        chain = [self.appliance.vserver(f"{name}-{place}") for place in PLACES]
        first = chain[0]
        judge = self.judge_requests if name == "REQUEST" else self.judge_clients
        served = judge(chain, first)
        left = sum(numbers["queue_left"] for numbers in chain)
        assert served + refused(first) + left == self.tried[name]
        assert refused(first) == first["redirected"] + first["dropped"]
        assert all(refused(numbers) == 0 for numbers in chain[1:])
        assert all(numbers["premature_spills"] == 0 for numbers in chain)
        for numbers in chain:
            self.judge_line(numbers)
        print(f"{name}: {self.tried[name]} came, {served} served, {refused(first)} refused,"
              f" {left} left the line; spilled {sum(numbers['spilled'] for numbers in chain)} full"
              f" and {sum(numbers['spilled_down'] for numbers in chain)} down, past the limit"
              f" {sum(numbers['accepted_over'] for numbers in chain)}, kept"
              f" {sum(numbers[KEPT] for numbers in chain)}, in line"
              f" {sum(numbers['queued_total'] for numbers in chain)} (served"
              f" {sum(numbers['queue_served'] for numbers in chain)}, late"
              f" {sum(numbers['queue_timed_out'] for numbers in chain)})")

    def audit(self):
        found = self.appliance.do("show spillover audit")
        return None if "an engine is busy" in found else found

    def judge_pools(self):
        """Every unit of every limit is where it belongs."""
        assert_nothing_leaked(self.appliance)
        self.appliance.do(*(f"set lb vserver {chain}-{place} -soMethod {LIMITS[chain]}"
                            " -soThreshold 9" for chain in LIMITS for place in PLACES))
        audit = wait_until(self.audit, "no engine is busy")
        found = re.findall(r"limit (\S+)  used (\d+)  missing (-?\d+)", audit)
        assert len(found) == len(LIMITS) * len(PLACES), audit
        assert all((used, missing) == ("0", "0") for _, used, missing in found), audit


def passed_on(numbers):
    return numbers[KEPT] + sum(value for name, value in numbers.items()
                               if name.startswith("asked_") and name != ROOM)


def refused(numbers):
    return numbers["refused"] + numbers["refused_down"]


def descriptors(appliance):
    return len(os.listdir(pathlib.Path(f"/proc/{appliance.data_process()}/fd")))


@pytest.mark.parametrize("engines, action", [(1, ""), (4, "-soBackupAction ACCEPT"), (4, "")])
@pytest.mark.timeout(int(SECONDS) + 300)
def test_every_client_is_accounted_for(stage, engines, action):
    soak = Soak(stage, engines, action)
    before, process = descriptors(soak.appliance), soak.appliance.data_process()
    soak.run()
    wait_until(soak.has_counted_all, "all have come")
    wait_until(soak.appliance.is_quiet, "all have left")
    seconds = time.monotonic() - soak.begin
    print(f"\n{engines} engines {action}: {seconds:.0f} s, {dict(soak.happened)}")
    for chain in soak.ports:
        assert soak.tried[chain] > 0
        soak.judge(chain)
    soak.judge_pools()
    wait_until(lambda: descriptors(soak.appliance) <= before, "no descriptor is left")
    assert soak.appliance.data_process() == process
