# SPDX-License-Identifier: Apache-2.0
"""The command language: every verb on every object, bad input, what is kept and what is said."""
import re

import pytest

from spillway import check_config, get, wait_until

BASE = """
add server host1 127.0.0.1
add service a1 127.0.0.1 HTTP 9001 -maxClient 100
add service b1 host1 HTTP 9003
add serviceGroup g1 HTTP -maxClient 10
bind serviceGroup g1 host1 9005
bind serviceGroup g1 127.0.0.2 9006 -weight 5
add lb monitor m1 HTTP -respCode 200 204 -httpRequest "GET /health" -interval 500 MSEC -resptimeout 200 MSEC
bind service a1 -monitorName m1
add lb vserver spare HTTP 0.0.0.0 0
add lb vserver web HTTP 127.0.0.1 {port} -lbMethod LEASTCONNECTION -soMethod CONNECTION \
-soThreshold 100 -backupVServer spare
bind lb vserver web a1
bind lb vserver web g1
bind lb vserver spare b1
"""


@pytest.fixture
def appliance(stage):
    return stage.run(BASE.format(port=stage.port()))


# Accepted one after the other on BASE: command, and what the running configuration then has or
# (with "!" before it) has no more.
ACCEPTED = [
    ("set service a1 -maxClient 7", r"-maxClient 7\b"),
    ("unset service a1 -maxClient", r"!add service a1 .*-maxClient"),
    ("set lb vserver web -soThreshold 250", r"-soThreshold 250"),
    ("set lb vserver web -lbMethod ROUNDROBIN -cltTimeout 30", r"web .*-lbMethod ROUNDROBIN"),
    ("unset lb vserver web -backupVServer", r"!vserver web .*-backupVServer"),
    ("unbind lb vserver web a1", r"!bind lb vserver web a1"),
    ("bind lb vserver web b1 -weight 4", r"bind lb vserver web b1 -weight 4"),
    ("disable service a1", r"(?i)(disable service a1|add service a1 .*-state DISABLED)"),
    ("enable service a1", r"!(?i:disable service a1|service a1 .*-state DISABLED)"),
    ("disable lb vserver web", r"(?i)(disable lb vserver web|vserver web .*-state DISABLED)"),
    ("disable server host1", r"(?i)(disable server host1|add server host1 .*-state DISABLED)"),
    ("disable serviceGroup g1", r"(?i)(disable serviceGroup g1|serviceGroup g1 .*DISABLED)"),
    ("rename service a1 alpha", r"add service alpha 127.0.0.1"),
    ("rename lb vserver web site", r"bind lb vserver site a1"),
    ("rename server host1 host2", r"add service b1 host2"),
    ("rename serviceGroup g1 group", r"bind serviceGroup group"),
    ("rm lb vserver web", r"!add lb vserver web"),
    ("set serviceGroup g1 -maxClient 99", r"g1 .*-maxClient 99"),
    ("unbind serviceGroup g1 127.0.0.2 9006", r"!9006"),
    ("set lb monitor m1 HTTP -retries 5", r"m1 .*-retries 5"),
    ("unbind service a1 -monitorName m1", r"!bind service a1 -monitorName"),
    ("set server host1 -IPAddress 127.0.0.9", r"add server host1 127.0.0.9"),
    ("add service c1 127.0.0.1 TCP 9009 -cltTimeout 9 -svrTimeout 8", r"add service c1"),
    ("add lb vserver v6 TCP ::1 0", r"add lb vserver v6"),
]


@pytest.mark.parametrize("command, pattern", ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_accepted(appliance, command, pattern):
    appliance.do(command)
    config = appliance.running_config()
    if pattern.startswith("!"):
        assert not re.search(pattern[1:], config), config
    else:
        assert re.search(pattern, config), config


# Refused on BASE, with a word of the reason.
REFUSED = [
    ("add service a1 127.0.0.1 HTTP 9999", "a1"),
    ("add service 127.0.0.1", ""),
    ("add service x 127.0.0.1 HTTP 70000", "65535"),
    ("add service x 127.0.0.1 HTTP 9001x", "port"),
    ("add service x 127.0.0.1 HTTPP 9001", "HTTP"),
    ("add service x 127.0.0.1 HTTP 9008 -maxClent 5", "maxClient"),
    ("add service x 127.0.0.1 HTTP 9008 -maxClient many", "maxClient"),
    ("add servise x 127.0.0.1 HTTP 9008", "service"),
    ("ad service x", ""),
    ("frobnicate service x", "frobnicate"),
    ("set service nobody -maxClient 5", "nobody"),
    ("set lb vserver wed -soThreshold 5", "web"),
    ("bind lb vserver web nobody", "nobody"),
    ("bind lb vserver web a1", "a1"),
    ("unbind lb vserver web b1", "b1"),
    ("rm service nobody", "nobody"),
    ("rm lb vserver spare", "web"),
    ("rename service a1 b1", "b1"),
    ("bind service a1 -monitorName nobody", "nobody"),
    ("add lb vserver w2 HTTP 127.0.0.1 8080 -lbMethod WHIRL", "lbMethod"),
    ("add lb vserver w2 HTTP 300.0.0.1 8080", "300.0.0.1"),
    ('add server "open 10.0.0.1', ""),
    ("set service a1", ""),
    ("set service a1 -maxClient", "maxClient"),
    ("unset service a1 -nonsense", "nonsense"),
    ("bind lb vserver web b1 -weight 101", "100"),
]


@pytest.mark.parametrize("command, what", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(appliance, command, what):
    """Refused with the reason or the nearest match, and nothing has changed."""
    before = appliance.running_config()
    assert what.lower() in appliance.refuse(command).lower()
    assert appliance.running_config() == before


@pytest.mark.parametrize("command", [
    "show server", "show server host1", "show service", "show service a1", "show serviceGroup",
    "show serviceGroup g1", "show lb vserver", "show lb vserver web", "show lb monitor",
    "show lb monitor m1", "stat service", "stat service a1", "stat lb vserver",
    "stat lb vserver web", "stat serviceGroup g1", "show ns runningConfig",
])
def test_shown(appliance, command):
    text = appliance.do(command)
    assert text.strip()
    name = command.split()[-1]
    if name in ("host1", "a1", "g1", "web", "m1"):
        assert name in text


def test_save_and_load_are_the_same(stage, appliance):
    """The saved file describes what runs; an appliance started with it describes itself the same,
    to the byte."""
    for command in ("set service a1 -maxClient 33 -comment \"it's a \\\"quoted\\\" one\"",
                    "disable service b1", "add service \"two words\" 127.0.0.1 HTTP 9020",
                    "bind lb vserver web \"two words\" -weight 9"):
        appliance.do(command)
    running = appliance.running_config()
    appliance.do("save config")
    saved = appliance.config_path.read_text()
    assert commands_of(saved) == commands_of(running)
    appliance.stop()
    again = stage.run(saved)
    assert commands_of(again.running_config()) == commands_of(running)


def commands_of(text):
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_clear_config(appliance):
    """Nothing is left, and it can be built again."""
    appliance.do("clear config -force full")
    assert not re.search(r"\b(web|a1|g1|m1|host1)\b", appliance.running_config())
    appliance.do("add service a1 127.0.0.1 HTTP 9001")
    assert "add service a1" in appliance.running_config()


def test_ranges(stage):
    """web[1-3]: three things by one command; addresses count along."""
    appliance = stage.run("""
add service web[1-3] 127.0.0.[11-13] HTTP 80
add lb vserver v HTTP 0.0.0.0 0
bind lb vserver v web[1-3]
""")
    config = appliance.running_config()
    for number in (1, 2, 3):
        assert re.search(rf"add service web{number} 127\.0\.0\.1{number} HTTP 80", config), config
        assert f"bind lb vserver v web{number}" in config
    appliance.do("disable service web[2-3]", "rm service web[1-2]")
    assert "web1" not in appliance.running_config()
    assert "web3" in appliance.running_config()


@pytest.mark.parametrize("written, meant", [
    ('"two words"', "two words"),
    ("'single \"inside\"'", 'single "inside"'),
    ("q/with / slash'/", "with "),
    ("q{curly \"and\" 'other'}", "curly \"and\" 'other'"),
    ('"back\\\\slash and \\"quote\\""', 'back\\slash and "quote"'),
    ('"# no comment"', "# no comment"),
    ("plain", "plain"),
])
def test_quoting(stage, written, meant):
    """What is quoted arrives as meant, and survives save and load."""
    if "/ slash" in written:
        written, meant = "q/with \"both\" 'kinds'/", "with \"both\" 'kinds'"
    appliance = stage.run(f"add service s 127.0.0.1 HTTP 80 -comment {written}\n")
    assert meant in appliance.do("show service s")
    saved = appliance.running_config()
    again = stage.run(saved)
    assert meant in again.do("show service s")
    assert again.running_config() == saved


@pytest.mark.parametrize("command", [
    "ADD SERVICE up 127.0.0.1 http 81", "add service up 127.0.0.1 HTTP 81 -maxc 5",
    "Add Service up 127.0.0.1 HTTP 81 -MAXCLIENT 5", "  add   service\tup 127.0.0.1 HTTP 81  ",
    "add service up 127.0.0.1 HTTP 81 # with a comment",
])
def test_case_and_abbreviations(appliance, command):
    appliance.do(command)
    assert re.search(r"^add service up 127\.0\.0\.1 HTTP 81", appliance.running_config(), re.M)


@pytest.mark.parametrize("command, what", [
    ("se service a1 -maxClient 5", "set"),
    ("add service up 127.0.0.1 HTTP 81 -c YES", "-cip"),
    ("set service a1 -max 5", "-maxReq"),
    ("add serv up 127.0.0.1 HTTP 81", "serviceGroup"),
])
def test_ambiguous_abbreviations(appliance, command, what):
    """Never guessed: refused with what it may be."""
    said = appliance.refuse(command)
    assert "ambiguous" in said and what in said


@pytest.mark.parametrize("command, kept", [
    ("add service up 127.0.0.1 HTTP 81 -CMP YES", "-CMP YES"),
    ("set lb vserver web -persistenceType CALLID", "-persistenceType CALLID"),
    ("add cs vserver front HTTP 127.0.0.1 8099", "add cs vserver front HTTP 127.0.0.1 8099"),
    ("enable ns feature LB CS", "enable ns feature LB CS"),
    ("add rewrite policy p true NOREWRITE", "add rewrite policy p true NOREWRITE"),
    ("set ns hostName spillway", "set ns hostName spillway"),
])
def test_known_but_not_supported(appliance, command, kept):
    """Accepted with a warning that says so, and kept by save config."""
    answer = appliance.cli(command)
    assert answer.status == 0, answer
    assert "warning" in (answer.text + answer.error).lower()
    assert kept.lower() in appliance.running_config().lower()


GOOD = BASE.format(port=8080)
BAD = """
add service a1 127.0.0.1 HTTP 9001
add service broken 127.0.0.1 HTTP notaport
add lb vserver web HTTP 127.0.0.1 {port}
bind lb vserver web a1
bind lb vserver web nobody
set service a1 -maxClent 5
"""


def test_check_accepts(tmp_path):
    answer = check_config(tmp_path, GOOD)
    assert answer.status == 0, answer


def test_check_reports_every_line(tmp_path):
    """Each faulty line by its number; the right ones are not mentioned."""
    answer = check_config(tmp_path, BAD.format(port=8080))
    said = answer.text + answer.error
    assert answer.status == 1
    for number in (3, 6, 7):
        assert re.search(rf"checked\.conf:{number}:", said), said
    for number in (2, 4, 5):
        assert not re.search(rf"checked\.conf:{number}:", said), said


def test_check_accepts_warnings(tmp_path):
    answer = check_config(tmp_path, "add cs vserver front HTTP 127.0.0.1 8099\n")
    assert answer.status == 0
    assert "warning" in (answer.text + answer.error).lower()


def test_run_applies_what_is_right(stage):
    """A file with errors: the rest of it works, and the log says what does not."""
    port, behind = stage.port(), stage.port()
    stage.origin("origin", port=behind)
    appliance = stage.run(BAD.format(port=port).replace("9001", str(behind)))
    wait_until(lambda: get(port).body == b"origin\n", "it serves")
    for number in (3, 6, 7):
        assert re.search(rf"conf:{number}:", appliance.log()), appliance.log()


def test_windows_line_ends_and_blank_lines(stage):
    appliance = stage.run("\r\n\r\nadd service s 127.0.0.1 HTTP 80\r\n   \r\n\t# note\r\n")
    assert "add service s 127.0.0.1 HTTP 80" in appliance.running_config()


def test_a_large_configuration(stage):
    """2000 services and 500 virtual servers; loaded, shown, and one of them serves."""
    port, behind = stage.port(), stage.port()
    stage.origin("origin", port=behind)
    lines = [f"add service s{n} 127.0.0.1 HTTP {behind} -healthMonitor NO\n" for n in range(2000)]
    lines += [f"add lb vserver v{n} HTTP 0.0.0.0 0\n" for n in range(500)]
    lines += [f"bind lb vserver v{n} s{n * 4 + m}\n" for n in range(500) for m in range(4)]
    lines += [f"set lb vserver v7 -IPAddress 127.0.0.1\nadd lb vserver w HTTP 127.0.0.1 {port}\n",
              "bind lb vserver w s1999\n"]
    appliance = stage.run("".join(lines), 2)
    assert get(port).body == b"origin\n"
    assert appliance.running_config().count("\nadd service s") >= 1999
