# SPDX-License-Identifier: Apache-2.0
"""The program's own command line: subcommands, help, exit codes."""
import json
import re

import pytest

from spillway import Client, check_config, field, get, run_program, wait_until

OK, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["check", "--help"],
                                   ["cli", "--help"], ["origin", "--help"], ["help"]])
def test_help(words):
    answer = run_program(*words)
    assert answer.status == OK
    assert "spillway" in answer.text
    if words == ["--help"]:
        for name in ("run", "check", "cli", "origin"):
            assert name in answer.text


def test_version():
    answer = run_program("--version")
    assert answer.status == OK
    assert answer.text.strip()


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["run"], ["run", "--nonsense"], ["run", "-c"], ["check"],
    ["run", "-c", "/dev/null", "--engines", "0"], ["run", "-c", "/dev/null", "--engines", "x"],
    ["cli", "--nonsense"], ["cli", "-e"], ["origin"], ["origin", "--listen", "nowhere"],
    ["origin", "--listen", "127.0.0.1:99999"], ["check", "-c", "/dev/null", "extra"],
])
def test_usage_errors(words):
    answer = run_program(*words, stdin="")
    assert answer.status == USAGE, answer
    assert answer.error.strip()


def test_too_many_commands():
    """What would not be sent is not passed over in silence."""
    answer = run_program("cli", *["-e", "show ns version"] * 1025)
    assert answer.status == USAGE and "standard input" in answer.error, answer


def test_nobody_there(tmp_path):
    answer = run_program("cli", "--socket", tmp_path / "none", "-e", "show lb vserver")
    assert answer.status == UNREACHABLE
    assert answer.error.strip()


def test_missing_file(tmp_path):
    for words in (["check", "-c"], ["run", "--socket", tmp_path / "s", "-c"]):
        answer = run_program(*words, tmp_path / "missing.conf")
        assert answer.status in (REFUSED, USAGE)
        assert "missing.conf" in answer.error


def test_strict_refuses_a_faulty_file(tmp_path):
    path = tmp_path / "faulty.conf"
    path.write_text("add service s 127.0.0.1 HTTP 80\nadd nonsense\n")
    answer = run_program("run", "-c", path, "--socket", tmp_path / "s", "--strict")
    assert answer.status == REFUSED
    assert "faulty.conf:2:" in answer.error + answer.text


def test_check_of_an_empty_file(tmp_path):
    assert check_config(tmp_path, "").status == OK


def test_commands_from_standard_input(stage):
    """One a line; comments and blank lines count for nothing; one refused makes it 1."""
    appliance = stage.run("")
    answer = appliance.cli(stdin="# two services\nadd service a 127.0.0.1 HTTP 80\n\n"
                                 "add service b 127.0.0.1 HTTP 81\nshow service\n")
    assert answer.status == OK and "a" in answer.text and "b" in answer.text
    answer = appliance.cli(stdin="add service c 127.0.0.1 HTTP 82\nadd service c\nshow service c\n")
    assert answer.status == REFUSED
    assert "add service c" in appliance.running_config()


def test_statistics_again_and_again(stage):
    """-ntimes N shows them N times, wherever it is typed; the others are done once, in order."""
    appliance = stage.run("add service a 127.0.0.1 HTTP 80 -healthMonitor NO\n"
                          "add service b 127.0.0.1 HTTP 81 -healthMonitor NO\n")
    ask = ["cli", "--socket", appliance.socket_path, "--interval", "0.01"]

    def order(answer):
        return re.findall(r"^service (\w)$", answer.text, re.M)

    answer = run_program(*ask, "-e", "stat service a -ntimes 3", "-e", "stat service b")
    assert answer.status == OK and order(answer) == ["a", "a", "a", "b"]
    answer = run_program(*ask, stdin="stat service b\nstat service a -n 2\nstat service b\n"
                                     "stat service c -ntimes 5\nstat service a\nquit\n"
                                     "stat service b\n")
    assert answer.status == REFUSED and order(answer) == ["b", "a", "a", "b", "a"]
    assert answer.error == "line 4: ERROR: there is no service c\n"
    for seconds in ("0", "-1", "nan", "1s"):
        assert run_program("cli", "--interval", seconds, "-e", "show service").status == USAGE


def test_several_commands(stage):
    """-e again and again, in order."""
    appliance = stage.run("")
    appliance.do("add service a 127.0.0.1 HTTP 80", "set service a -maxClient 5",
                 "rename service a b")
    assert "add service b 127.0.0.1 HTTP 80 -maxClient 5" in appliance.running_config()


def test_second_appliance_on_one_socket(stage, tmp_path):
    """The first one keeps running."""
    appliance = stage.run("add service a 127.0.0.1 HTTP 80\n")
    answer = run_program("run", "-c", appliance.config_path, "--socket", appliance.socket_path)
    assert answer.status not in (OK, USAGE)
    assert "add service a" in appliance.running_config()


def test_address_in_use(stage):
    """A virtual server whose address is taken: said with the address; the rest serves."""
    import socket
    port, good = stage.port(), stage.port()
    origin = stage.origin("origin")
    with socket.create_server(("127.0.0.1", port)):
        appliance = stage.run(f"""
add service s 127.0.0.1 HTTP {origin.port}
add lb vserver taken HTTP 127.0.0.1 {port}
add lb vserver web HTTP 127.0.0.1 {good}
bind lb vserver web s
""")
        assert get(good).status == 200
        assert str(port) in appliance.log()


def test_origin_answers_with_its_name(stage):
    origin = stage.origin("alpha")
    response = get(origin.port)
    assert (response.status, response.body) == (200, b"alpha\n")


def test_origin_options(stage):
    """--size, and by the query: size, status, chunked, close."""
    origin = stage.origin("alpha", "--size", 12345)
    assert len(get(origin.port).body) == 12345
    assert len(get(origin.port, "/?size=7").body) == 7
    assert get(origin.port, "/?status=404").status == 404
    response = get(origin.port, "/?chunked=1&size=70000")
    assert field(response, "Transfer-Encoding") == "chunked" and len(response.body) == 70000
    with Client(origin.port) as client:
        client.get("/?close=1")
        assert client.is_ended()


def test_origin_counts(stage):
    """/stats: connections now, their peak, requests; who asks is not counted."""
    origin = stage.origin("alpha")
    clients = [Client(origin.port) for _ in range(5)]
    for client in clients:
        client.get()
    stats = origin.stats()
    assert (stats["connections"], stats["connections_peak"], stats["requests"]) == (5, 5, 5)
    for client in clients:
        client.close()
    wait_until(lambda: origin.connections() == 0, "they have left")
    assert json.dumps(origin.stats())


def test_origin_holds(stage):
    """--hold keeps a request open: five at once are five in work."""
    origin = stage.origin("alpha", "--hold", 1000)
    clients = [Client(origin.port) for _ in range(5)]
    for client in clients:
        client.send("GET / HTTP/1.1\r\nHost: o\r\n\r\n")
    wait_until(lambda: origin.stats()["requests_active_peak"] == 5, "five are held")
    for client in clients:
        assert client.response().body == b"alpha\n"
        client.close()
