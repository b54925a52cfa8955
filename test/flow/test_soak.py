# SPDX-License-Identifier: Apache-2.0
"""A day in short: services flap, limits change, clients arrive in bursts, polite ones and others;
afterwards every client is accounted for, exactly, and nothing is left.

SOAK_SECONDS makes it longer (script/soak: ten minutes), RANDOM_SEED repeats it as far as threads
allow."""
import os
import pathlib
import random
import threading
import time

import pytest

from spillway import Client, answers, greets, plain, wait_until
from test_random import assert_nothing_leaked

SECONDS = float(os.environ.get("SOAK_SECONDS", 5))
CHAIN = ("primary", "second", "third")
REASONS = ("asked_while_disabled", "asked_while_down", "asked_at_the_limit_of_connections")


class Soak:
    """An HTTP and a TCP chain of three virtual servers each, with limits."""

    def __init__(self, stage, engines, action):
        seed = int(os.environ.get("RANDOM_SEED", random.randrange(1 << 30)))
        print("RANDOM_SEED", seed)
        self.chance = random.Random(seed)
        self.end = time.monotonic() + SECONDS
        self.ports = {"HTTP": stage.port(), "TCP": stage.port()}
        config = "".join(self.chain(stage, protocol, action) for protocol in self.ports)
        self.appliance = stage.run(config, engines)
        self.tried = dict.fromkeys(self.ports, 0)
        self.lock = threading.Lock()

    def chain(self, stage, protocol, action):
        serve = {"HTTP": answers(plain("x" * 3000)), "TCP": greets("hello")}[protocol]
        lines = []
        for place, name in reversed(list(enumerate(CHAIN))):
            backup = f"-backupVServer {protocol}-{CHAIN[place + 1]}" if place < 2 else ""
            where = f"127.0.0.1 {self.ports[protocol]}" if place == 0 else "0.0.0.0 0"
            lines += [f"add lb vserver {protocol}-{name} {protocol} {where} -soMethod CONNECTION"
                      f" -soThreshold {20 - 5 * place} {backup}"
                      f" {action if place == 2 else ''}"]
            for number in (1, 2):
                service = f"{protocol}-{name}-{number}"
                port = stage.script(serve).port
                lines += [f"add service {service} 127.0.0.1 {protocol} {port} -healthMonitor NO"
                          " -svrTimeout 2 -maxClient 12",
                          f"bind lb vserver {protocol}-{name} {service}"]
        return "\n".join(lines) + "\n"

    # --- clients ---

    def burst(self, chance):
        protocol = chance.choice(list(self.ports))
        clients = []
        for _ in range(chance.randrange(1, 40)):
            with self.lock:
                self.tried[protocol] += 1
            try:
                # One in line for a service waits for others of this very burst: not for ever.
                clients.append(Client(self.ports[protocol], limit=2))
            except ConnectionError:
                pass  # it was accepted and reset before connect() returned
        for client in clients:
            try:
                self.act(client, protocol, chance)
            except (OSError, EOFError, ValueError, IndexError):
                client.close()
        for client in clients:
            client.close()

    def act(self, client, protocol, chance):
        what = chance.random()
        if what < 0.1:
            client.reset()
            return
        if protocol == "HTTP":
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"[:None if what < 0.9 else 9])
        else:
            client.send("hello\n")
        if what < 0.6:
            client.response() if protocol == "HTTP" else client.until(b"\n")
        elif what < 0.7:
            client.shut()

    # --- the operator ---

    def operate(self, chance):
        protocol, name = chance.choice(list(self.ports)), chance.choice(CHAIN)
        service = f"{protocol}-{name}-{chance.choice((1, 2))}"
        self.appliance.do(chance.choice((
            f"set lb vserver {protocol}-{name} -soThreshold {chance.randrange(1, 30)}",
            f"disable service {service}", f"enable service {service}",
            f"enable service {service}",
            f"set service {service} -maxClient {chance.choice((0, 1, 5, 12))}")))

    def run(self):
        def go(act, chance):
            while time.monotonic() < self.end:
                act(chance)

        threads = [threading.Thread(target=go, args=(act, random.Random(self.chance.random())))
                   for act in [self.burst] * 4 + [self.operate]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # --- the account ---

    def judge(self, protocol):
        """Who came was served, or refused; and whom one does not serve asks the next."""
        first, *_ = chain = [self.appliance.vserver(f"{protocol}-{name}") for name in CHAIN]
        served = sum(numbers["clients_total"] for numbers in chain)
        assert served + first["refused"] + first["refused_down"] == self.tried[protocol]
        assert first["refused"] + first["refused_down"] == first["redirected"] + first["dropped"]
        assert first["spilled_in"] == 0
        for numbers, after in zip(chain, chain[1:] + [None]):
            passed_on = sum(numbers[reason] for reason in REASONS)
            assert numbers["asked_with_room"] == numbers["clients_total"] - numbers["accepted_over"]
            if after is not None:
                asked = after["asked_with_room"] + sum(after[reason] for reason in REASONS)
                assert asked == passed_on
        assert sum(numbers["spilled_in"] for numbers in chain) == served - first["clients_total"]
        assert all(numbers["premature_spills"] == 0 for numbers in chain)


def descriptors(appliance):
    return len(os.listdir(pathlib.Path(f"/proc/{appliance.data_process()}/fd")))


@pytest.mark.parametrize("engines, action", [(1, ""), (4, "-soBackupAction ACCEPT"), (4, "")])
@pytest.mark.timeout(int(SECONDS) + 300)
def test_every_client_is_accounted_for(stage, engines, action):
    soak = Soak(stage, engines, action)
    before = descriptors(soak.appliance)
    soak.run()
    wait_until(soak.appliance.is_quiet, "all have left")
    for protocol in soak.ports:
        assert soak.tried[protocol] > 0
        soak.judge(protocol)
    assert_nothing_leaked(soak.appliance)
    wait_until(lambda: descriptors(soak.appliance) <= before, "no descriptor is left")
