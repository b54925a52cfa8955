#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds Spillway in all its test builds, runs every test there is and counts.

Called by script/test, which installs what this needs. Ends with "N passed, M failed" on a line of
its own and exits with 0 only when nothing failed and something ran. Whatever breaks on the way
(a build, a crash, a time-out, a program without a single test) is a failed test of its own.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
JOBS = max(2, os.cpu_count() or 2)

SANITIZED = ["-Db_lundef=false", "--buildtype=debugoptimized"]
BUILDS = {
    "build": {"options": ["--buildtype=release", "-Dwhole=true"], "cc": "gcc"},
    # The fuzz targets share it: what they count costs less than to compile everything once more.
    "build-asan": {"options": ["-Dfuzz=true", "-Db_sanitize=address,undefined", *SANITIZED],
                   "cc": "clang"},
    "build-tsan": {"options": ["-Db_sanitize=thread", *SANITIZED], "cc": "clang"},
}
SANITIZER_ENV = {
    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99:second_deadlock_stack=1",
}


class Tally:
    """What passed and what failed, by name."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def add(self, name, good, detail=""):
        if good:
            self.passed += 1
            return
        self.failed.append(name)
        print(f"FAILED {name}")
        if detail:
            print("    " + "\n    ".join(detail.rstrip().splitlines()[-60:]))

    def close(self):
        for name in self.failed:
            print(f"failed: {name}")
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 0 if self.passed and not self.failed else 1


class Stage:
    """Says what runs now, how long it took, and how much work it was."""

    def __init__(self, title, tally):
        self.title, self.tally = title, tally

    @staticmethod
    def busy():
        """Seconds of processor time, of all that has ended."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def __enter__(self):
        self.start, self.before = time.monotonic(), (self.tally.passed, len(self.tally.failed))
        self.busy_before = self.busy()
        print(f"== {self.title}", flush=True)

    def __exit__(self, *error):
        seconds = time.monotonic() - self.start
        passed = self.tally.passed - self.before[0]
        failed = len(self.tally.failed) - self.before[1]
        busy = self.busy() - self.busy_before
        print(f"   {passed} passed, {failed} failed, {seconds:.0f} s, {busy:.0f} s of processor",
              flush=True)


def run(command, limit, env=None, **more):
    """Exit code (None: out of time) and everything it said."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit, cwd=ROOT,
                              env={**os.environ, **(env or {})}, **more)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as slow:
        return None, (slow.stdout or b"").decode(errors="replace") + f"\nout of time: {limit} s"


def ended(code):
    return "out of time" if code is None else f"exit code {code}"


def fixed_addresses():
    """A prefix that switches address randomisation off: the sanitizers of clang 14 and gcc 12 do
    not know the wide one of newer kernels. Empty where the system does not allow it."""
    prefix = ["setarch", os.uname().machine, "-R"]
    try:
        return prefix if run([*prefix, "true"], 10)[0] == 0 else []
    except FileNotFoundError:
        return []


PREFIX = fixed_addresses()


def configure(build):
    options = BUILDS[build]["options"]
    if not (ROOT / build / "build.ninja").exists():
        return run(["meson", "setup", *options, build, "."], 300, env={"CC": BUILDS[build]["cc"]})
    # Made by somebody else, or before one of the options was there.
    has = {option["name"]: str(option["value"]).lower()
           for option in introspect(build, "--buildoptions")}
    wanted = [option.removeprefix("-D").removeprefix("--").split("=") for option in options]
    if all(has.get(name) == value for name, value in wanted):
        return 0, ""
    return run(["meson", "configure", *options, build], 300)


def introspect(build, what):
    code, text = run(["meson", "introspect", what, build], 60)
    return json.loads(text) if code == 0 else []


def make(tally, build, wanted=None):
    """Configures and compiles; `wanted` picks targets by their names, None takes all."""
    code, text = configure(build)
    if code == 0:
        # Brings the lists of targets up to date before they are read.
        code, text = run(["ninja", "-C", build, "build.ninja"], 300)
    targets = []
    if code == 0 and wanted:
        targets = [os.path.relpath(target["filename"][0], ROOT / build)
                   for target in introspect(build, "--targets")
                   if target["type"] == "executable" and wanted(target["name"])]
        if not targets:
            code, text = 1, "no such target"
    if code == 0:
        code, text = run(["ninja", "-C", build, "-k0", f"-j{JOBS}", *targets], 900)
        text = "\n".join(line for line in text.splitlines() if not line.startswith("["))
    if code != 0:
        tally.add(f"{build}: compiles", False, f"{text}\n{ended(code)}")
    return code == 0


def count_tap(tally, name, code, text):
    """One case a line of the Test Anything Protocol, and one more for what went wrong besides."""
    planned = sum(int(n) for n in re.findall(r"^1\.\.(\d+)", text, re.M))
    seen = re.findall(r"^(ok|not ok) \d+ - (.*)\n((?:#.*\n?)*)", text + "\n", re.M)
    skipped = re.findall(r"^not ok \d+ # SKIP (.*)$", text, re.M)
    for case in skipped:
        print(f"   skipped: {name}: {case}", flush=True)
    for result, case, remarks in seen:
        tally.add(f"{name}: {case}", result == "ok", remarks or text)
    all_good = all(result == "ok" for result, *_ in seen)
    if not seen or len(seen) + len(skipped) != planned or (code != 0 and all_good):
        tally.add(f"{name}: ends as it should", False,
                  f"{text}\n{ended(code)}, {len(seen)} of {planned} cases")


def run_programs(tally, build, suite):
    """Runs the test programs that Meson knows of a suite, side by side."""
    def one(test):
        env = {**SANITIZER_ENV, **test["env"], "CMOCKA_MESSAGE_OUTPUT": "TAP"}
        prefix = PREFIX if build != "build" else []
        return run([*prefix, *test["cmd"]], test["timeout"] or 120, env=env)

    tests = [test for test in introspect(build, "--tests")
             if any(name.endswith(suite) for name in test["suite"])]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for test, (code, text) in zip(tests, pool.map(one, tests)):
            name = f"{build}: {suite} {test['name']}"
            if re.search(r"^1\.\.\d+|^(not )?ok \d+", text, re.M):
                count_tap(tally, name, code, text)
            elif test["protocol"] == "tap":
                tally.add(name, False, f"{text}\n{ended(code)}")
            else:
                tally.add(name, code == 0, f"{text}\n{ended(code)}")
    if not tests:
        tally.add(f"{build}: {suite}", False, "there is no test")


def tidy(tally):
    for program in ("test/tidy.py", "test/tidy_test.py"):
        code, text = run([PYTHON, program, "--tap"], 120)
        count_tap(tally, program, code, text)


def models():
    """The models of the pools, the small ones; test/model/run.sh knows larger ones."""
    return run(["sh", "test/model/run.sh", "short"], 400)


def fuzz(tally, seconds, seed):
    """Each target for `seconds`, two side by side; new inputs are kept in build-asan/corpus."""
    # It has so many features that to count how rare each is takes longer than to run it.
    plain = {"config": ["-entropic=0"]}

    def one(name):
        corpus = ROOT / "build-asan" / "corpus" / name
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = ROOT / "test" / "fuzz" / "seeds" / name
        crash = ROOT / "build-asan" / f"crash-{name}-"
        command = [*PREFIX, ROOT / "build-asan/test/fuzz" / f"fuzz_{name}", corpus,
                   *([seeds] if seeds.is_dir() else []), f"-max_total_time={seconds}",
                   *plain.get(name, []), f"-seed={seed}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
                   f"-artifact_prefix={crash}"]
        return run([str(word) for word in command], seconds + 120, env=SANITIZER_ENV)

    names = sorted(target["name"].removeprefix("fuzz_")
                   for target in introspect("build-asan", "--targets")
                   if target["name"].startswith("fuzz_"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, (code, text) in zip(names, pool.map(one, names)):
            runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
            print(f"   fuzz {name}: {runs.group(1) if runs else 'no'} inputs, seed {seed}")
            tally.add(f"fuzz {name}", code == 0 and runs is not None, f"{text}\n{ended(code)}")
    if not names:
        tally.add("fuzz", False, "there is no target")


def flow(tally, build, pick, limit):
    """The scenarios with real sockets, some side by side: each has its ports and its folder."""
    report = ROOT / build / "flow.xml"
    report.unlink(missing_ok=True)
    command = [PYTHON, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "--timeout=240",
               f"--junitxml={report}", "test/flow"]
    # A single scenario is watched by somebody: it runs alone and shows what it says.
    # Of all of them most wait for something, most of the time.
    command += ["-k", pick, "-x"] if pick else ["-n", str(2 * JOBS), "--dist=load"]
    prefix = PREFIX if build != "build" else []
    env = {**SANITIZER_ENV, "SPILLWAY": str(ROOT / build / "spillway"),
           "PYTHONDONTWRITEBYTECODE": "1"}
    code, text = run([*prefix, *command], limit, env=env)
    cases = list(xml.parse(report).iter("testcase")) if report.exists() else []
    for case in cases:
        wrong = [part for part in case if part.tag in ("failure", "error")]
        detail = "\n".join(part.text or part.get("message") or "" for part in wrong)
        if any(part.tag == "skipped" for part in case):
            print(f"   skipped: {case.get('name')}")
            continue
        name = f"{build}: flow {case.get('classname').split('.')[-1]} {case.get('name')}"
        tally.add(name, not wrong, detail)
    if not cases or code not in (0, 1):
        tally.add(f"{build}: flow ends as it should", False, f"{text}\n{ended(code)}")
    return cases


def slowest(cases):
    for case in sorted(cases, key=lambda case: -float(case.get("time")))[:5]:
        print(f"   {float(case.get('time')):5.1f} s  {case.get('name')}")


def run_all(tally, options):
    # One after the other themselves, the models run beside the first build.
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        checked = beside.submit(models)
        with Stage("house rules", tally):
            tidy(tally)
        with Stage("compile: release", tally):
            has_release = make(tally, "build")
        with Stage("models", tally):
            count_tap(tally, "model", *checked.result())
    with Stage("compile: address and undefined behaviour sanitizers", tally):
        has_asan = make(tally, "build-asan", lambda name: not name.startswith("race_"))
    with Stage("compile: thread sanitizer", tally):
        has_tsan = make(tally, "build-tsan", lambda name: name.startswith("race_"))
    for build, is_there, suite in (("build", has_release, "unit"), ("build-asan", has_asan, "unit"),
                                   ("build", has_release, "sim"), ("build-asan", has_asan, "sim"),
                                   ("build", has_release, "race"), ("build-tsan", has_tsan, "race")):
        if is_there:
            with Stage(f"{suite} tests: {build}", tally):
                run_programs(tally, build, suite)
    if has_asan:
        with Stage("fuzz", tally):
            fuzz(tally, options.fuzz_seconds, options.seed)
    for build, is_there in (("build", has_release), ("build-asan", has_asan)):
        if is_there:
            with Stage(f"flow tests: {build}", tally):
                slowest(flow(tally, build, None, 600))


def arguments():
    parser = argparse.ArgumentParser(prog="script/test", description="runs every test there is")
    parser.add_argument("name", nargs="?", help="run the flow tests of this name only")
    parser.add_argument("--flow", metavar="NAME", help="the same")
    parser.add_argument("--asan", action="store_true",
                        help="with a name: under the address sanitizer")
    parser.add_argument("--fuzz", action="store_true", help="only fuzz")
    parser.add_argument("--fuzz-seconds", type=int, default=10, help="for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the fuzzer")
    options = parser.parse_args()
    options.name = options.flow or options.name
    return options


def main():
    # Servers of the system lie where only root looks for programs.
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    options, tally = arguments(), Tally()
    start = time.monotonic()
    if options.name:
        build = "build-asan" if options.asan else "build"
        if make(tally, build, lambda name: name == "spillway"):
            slowest(flow(tally, build, options.name, 1800))
    elif options.fuzz:
        if make(tally, "build-asan", lambda name: name.startswith("fuzz_")):
            fuzz(tally, options.fuzz_seconds, options.seed)
    else:
        run_all(tally, options)
    print(f"all in {time.monotonic() - start:.0f} s")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
