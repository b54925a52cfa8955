# SPDX-License-Identifier: Apache-2.0
"""The two modes of a limit in one scenario: all clients come to one of two engines. PATENT spills
while the other engine's exclusive uses are free, and counts it; EXACT does not spill."""
import collections

import pytest

from spillway import Client, numbers_of, wait_until
from test_spillover import connection, engine_clients, tcp_stage


class OneEngine:
    """Clients of one engine: who comes to another is sent away."""

    def __init__(self, appliance, port):
        self.appliance, self.port = appliance, port
        self.kept, self.index, self.target = [], 0, None

    def next(self):
        """One more client on this engine; which origin greets it."""
        while True:
            before = engine_clients(self.appliance)
            client = Client(self.port, source=(f"127.0.2.{1 + self.index}", 0))
            name = client.until(b"\n").decode().strip()
            after = engine_clients(self.appliance)
            engine = next(number for number in after if after[number] != before.get(number, 0))
            self.index += 1
            self.target = engine if self.target is None else self.target
            if engine == self.target:
                self.kept.append(client)
                return name
            client.reset()
            wait_until(lambda: sum(engine_clients(self.appliance).values()) == len(self.kept),
                       "it has left")

    def take(self, count):
        return collections.Counter(self.next() for _ in range(count))

    def close(self):
        for client in self.kept:
            client.close()


def counts(appliance):
    numbers = appliance.vserver("web")
    return numbers["spilled"], numbers["premature_spills"], numbers["stranded_at_spills"]


# A limit of 40 on two engines: 16 for each, 8 shared in batches of 1.
@pytest.mark.parametrize("mode, admitted, spilled, stranded", [("EXACT", 30, 0, 0),
                                                               ("PATENT", 24, 6, 6 * 16)])
def test_all_clients_on_one_of_two_engines(stage, mode, admitted, spilled, stranded):
    appliance, port = tcp_stage(stage, 2, limit=40)
    appliance.do(f"set lb vserver web -soQuotaMode {mode}")
    engine = OneEngine(appliance, port)
    assert engine.take(30) == +collections.Counter(primary=admitted, backup=spilled)
    assert counts(appliance) == (spilled, spilled, stranded)
    assert f"quota mode: {mode}" in appliance.do("show lb vserver web")
    engine_numbers_make_the_whole(appliance, engine.target)
    engine.close()


def engine_numbers_make_the_whole(appliance, target):
    """What is counted is counted on the engine where it happened, and nowhere else."""
    numbers = numbers_of(appliance.do("stat lb vserver web -detail"))
    for name in ("admitted", "used", "exclusive", "idle", "spilled_full", "premature_spills",
                 "stranded_at_spills", "shared_changes", "reclaimed"):
        parts = [numbers[f"engine_{engine}_{name}"] for engine in range(2)]
        assert sum(parts) == numbers[name], name
    assert numbers[f"engine_{target}_spilled_full"] == numbers["spilled_full"]
    assert numbers[f"engine_{target}_peak_of_an_engine"] == numbers["used"]
    assert numbers["admitted"] == (numbers["admitted_by_its_own"] + numbers["admitted_by_sharing"]
                                   + numbers["admitted_by_handing_on"])


def test_mode_and_shares_change_under_clients(stage):
    """5 exclusive for each and 20 shared; then all shared; then as before, and all in the end."""
    appliance, port = tcp_stage(stage, 2, limit=30)
    appliance.do("set lb vserver web -soQuotaMode PATENT -soExclusive 34 -soBatch 1")
    engine = OneEngine(appliance, port)
    assert engine.take(26) == {"primary": 25, "backup": 1}
    assert counts(appliance) == (1, 1, 5)
    appliance.do("set lb vserver web -soExclusive 0")
    assert engine.take(1) == {"primary": 1}
    appliance.do("set lb vserver web -soExclusive 34")
    assert engine.take(1) == {"backup": 1}
    appliance.do("set lb vserver web -soQuotaMode EXACT")
    assert engine.take(5) == {"primary": 4, "backup": 1}
    # Who came to the other engine meanwhile has spilled, too.
    assert counts(appliance)[1:] == (2, 5 + 4)
    assert "-soQuotaMode" not in appliance.do("unset lb vserver web -soQuotaMode",
                                              "show ns runningConfig")
    engine.close()


def test_shares_are_percentages(stage):
    appliance, _ = tcp_stage(stage, 2, limit=40)
    for option in ("-soExclusive", "-soBatch"):
        assert "100" in appliance.refuse(f"set lb vserver web {option} 101")
    assert "EXACT" in appliance.refuse("set lb vserver web -soQuotaMode FAST")
    assert connection(40) in appliance.running_config()


def test_the_shared_threshold_spills_early(stage):
    """16 exclusive for each of two engines and 8 shared, of which 5 are kept."""
    appliance, port = tcp_stage(stage, 2, limit=40)
    appliance.do("set lb vserver web -soSharedThreshold 5")
    engine = OneEngine(appliance, port)
    assert engine.take(22) == {"primary": 19, "backup": 3}
    numbers = appliance.vserver("web")
    assert numbers["spilled_early"] >= 3 and numbers["spilled_full"] == 0
    assert counts(appliance)[1:] == (0, 0)
    assert "shared threshold: 5" in appliance.do("show lb vserver web")
    appliance.do("unset lb vserver web -soSharedThreshold")
    assert engine.take(4) == {"primary": 4}
    engine.close()


@pytest.mark.parametrize("deal, each, shared", [("-soExclusiveEach 4", 4, 32), ("-soShared 9", 15, 10),
                                                ("-soShared 50%", 10, 20), ("-soExclusive 20%", 4, 32)])
def test_ways_to_deal_a_limit_out(stage, deal, each, shared):
    appliance, port = tcp_stage(stage, 2, limit=40)
    appliance.do(f"set lb vserver web {deal}")
    shown = appliance.do("show lb vserver web")
    assert f"exclusive for each engine: {each}\n" in shown and f"shared pool: {shared}\n" in shown
    assert "shares: fixed" in shown
    engine = OneEngine(appliance, port)
    assert engine.take(30) == {"primary": 30}
    assert "exclude one another" in appliance.refuse(
        "set lb vserver web -soExclusive 3 -soExclusiveEach 1 -soShared 1")
    engine.close()
