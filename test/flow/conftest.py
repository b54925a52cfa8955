# SPDX-License-Identifier: Apache-2.0
"""The stage of a scenario: what it starts is stopped at its end, the appliance under inspection."""
import pytest

import spillway


class Stage:
    """Gives out ports and starts things; knows all it started."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = spillway.Ports()
        self.appliances, self.others = [], []

    def port(self):
        return self.ports.take()

    def run(self, config, engines=1, options=(), files_max=None, prefix=()):
        """An appliance with this configuration; `prefix`: what runs it (ip netns exec)."""
        folder = self.folder / f"appliance{len(self.appliances)}"
        folder.mkdir()
        appliance = spillway.Appliance(folder, config, engines, options, files_max, prefix)
        self.appliances.append(appliance)
        return appliance

    def again(self, old):
        """The appliance is ended and started anew, in its folder."""
        old.stop()
        self.appliances.remove(old)
        new = spillway.Appliance(old.folder, old.config_path.read_text(), old.engines)
        self.appliances.append(new)
        return new

    def origin(self, name="origin", *options, port=None, address=None):
        """A built-in origin; `address` ("HOST:PORT") where it is not 127.0.0.1."""
        port = port or (int(address.rpartition(":")[2]) if address else self.port())
        return self.keep(spillway.BuiltinOrigin(port, name, *options,
                                                listen=address or f"127.0.0.1:{port}"))

    def script(self, serve, port=None):
        """An origin that does what the function says."""
        return self.keep(spillway.ScriptOrigin(port or self.port(), serve))

    def keep(self, thing):
        self.others.append(thing)
        return thing

    def close(self, is_well):
        try:
            for appliance in self.appliances:
                if is_well:
                    appliance.stop()
        finally:
            for appliance in self.appliances:
                appliance.end()
            for thing in reversed(self.others):
                thing.close()
            self.ports.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture
def stage(request, tmp_path):
    here = Stage(tmp_path)
    yield here
    report = getattr(request.node, "report_call", None)
    is_well = report is not None and report.passed
    if not is_well:
        for appliance in here.appliances:
            print(f"--- log of {appliance.folder}:\n{appliance.log()[-4000:]}")
    here.close(is_well)
