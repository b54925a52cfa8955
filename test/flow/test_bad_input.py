# SPDX-License-Identifier: Apache-2.0
"""The table "Bad input" of the specification of spillover: each is refused with a clear error, and
nothing of it is applied; what is small works."""
import pytest

from spillway import crowd, greets, tcp_names
from test_spillover import two_pools

METHODS = ["CONNECTION", "BANDWIDTH", "HEALTH", "REQUEST"]


@pytest.fixture
def appliance(stage):
    config, *_ = two_pools(stage, "HTTP", "-soMethod CONNECTION -soThreshold 100")
    config += "add lb vserver third HTTP 0.0.0.0 0\nadd lb vserver tcp TCP 0.0.0.0 0\n"
    return stage.run(config)


def refused(appliance, command, *words):
    """The command changes nothing and its error has all these words."""
    before = appliance.running_config()
    said = appliance.refuse(command)
    assert "ERROR: " in said, said
    for word in words:
        assert word in said, said
    assert appliance.running_config() == before


@pytest.mark.parametrize("method", METHODS)
def test_threshold_is_missing(appliance, method):
    for command in (f"add lb vserver x HTTP 0.0.0.0 0 -soMethod {method}",
                    f"set lb vserver spare -soMethod {method}"):
        refused(appliance, command, "-soThreshold", "missing")
    if method != "CONNECTION":
        appliance.do("set lb vserver spare -soMethod CONNECTION -soThreshold 5")
        refused(appliance, "unset lb vserver spare -soThreshold", "-soThreshold")


def test_out_of_range(appliance):
    for command, *words in (
            ("set lb vserver web -soThreshold 0", "1 to 4294967287"),
            ("set lb vserver web -soThreshold 4294967288", "1 to 4294967287"),
            ("set lb vserver web -soThreshold -1", "1 to 4294967287"),
            ("set lb vserver web -soThreshold ten", "1 to 4294967287"),
            ("set lb vserver web -soMethod HEALTH -soThreshold 101", "1 to 100"),
            ("set lb vserver web -soMethod HEALTH -soThreshold 0", "1 to"),
            ("set lb vserver web -soPersistenceTimeOut 1", "2 to 1440"),
            ("set lb vserver web -soPersistenceTimeOut 1441", "2 to 1440"),
            ("set lb vserver web -healthThreshold 101", "0 to 100"),
            ("set lb vserver web -soExclusive 101", "0 to 100"),
            ("set lb vserver web -soBatch 101", "0 to 100"),
            ("set lb vserver web -soRamp 100", "1 to 99"),
            ("set lb vserver web -soReturn 0", "1 to 99"),
            ("set ns param -exclusiveQuotaSpillOver 101", "0 to 100"),
            ("set ns param -grantQuotaMaxClient 101", "0 to 100"),
            ("set spillover param -maxClient 0", "1 to 4294967287"),
            ("set spillover param -maxRequest 0", "1 to 4294967287")):
        refused(appliance, command, *words)


def test_backup_that_cannot_be(appliance):
    refused(appliance, "set lb vserver web -backupVServer nobody", "nobody")
    refused(appliance, "set lb vserver web -backupVServer tcp", "TCP", "HTTP", "family")
    refused(appliance, "set lb vserver web -backupVServer web", "web -> web")
    appliance.do("set lb vserver spare -backupVServer third")
    refused(appliance, "set lb vserver third -backupVServer web", "loop",
            "third -> web -> spare -> third")


def test_backup_in_use(appliance):
    refused(appliance, "rm lb vserver spare", "in use", "web")
    appliance.do("unset lb vserver web -backupVServer", "rm lb vserver spare")


def test_redirect_that_is_no_url(appliance):
    for url in ("elsewhere", "ftp://x/", "http://", '"http://a b/"'):
        refused(appliance, f"set lb vserver web -redirectURL {url}", "absolute URL or a path")
    for url in ("http://elsewhere.example/", "https://elsewhere.example/a?b=c", "/sorry.html"):
        appliance.do(f"set lb vserver web -redirectURL {url}")


def test_redirect_that_cannot_be(appliance):
    """Kept with a warning; what comes of it is what explain and the counters say, too."""
    said = appliance.do("set lb vserver tcp -redirectURL http://elsewhere.example/")
    assert "only clients of HTTP can be redirected" in said
    said = appliance.do("set lb vserver web -soBackupAction REDIRECT")
    assert "there is no -redirectURL" in said
    said = appliance.do("disable lb vserver tcp", "explain lb vserver tcp")
    assert "302" not in said and "reset" in said, said


def test_dynamic_has_no_threshold(appliance):
    refused(appliance, "set lb vserver web -soMethod DYNAMICCONNECTION -soThreshold 9",
            "-soThreshold", "DYNAMICCONNECTION")


@pytest.mark.parametrize("engines, limit", [(1, 1), (4, 1), (8, 3), (1, 7)])
def test_small_limits(stage, engines, limit):
    """One engine, a limit of 1, fewer uses than engines: works, all shared where x is 0."""
    config, port, one, two = two_pools(stage, "TCP", f"-soMethod CONNECTION -soThreshold {limit}")
    stage.script(greets("primary"), one), stage.script(greets("backup"), two)
    appliance = stage.run(config, engines)
    shown = appliance.pools("web")
    if limit < engines:
        assert shown["exclusive_for_each_engine"] == 0
        assert shown["shared_pool"] == limit
    with crowd(limit + 4, port) as clients:
        assert tcp_names(clients) == {"primary": limit, "backup": 4}


@pytest.mark.parametrize("engines", [1, 4])
def test_a_limit_of_nothing(stage, engines):
    """DYNAMICCONNECTION without a service that is up and bound has the limit 0."""
    port, two = stage.port(), stage.port()
    stage.script(greets("backup"), two)
    appliance = stage.run(f"""
add service b 127.0.0.1 TCP {two} -healthMonitor NO
add lb vserver spare TCP 0.0.0.0 0
add lb vserver web TCP 127.0.0.1 {port} -soMethod DYNAMICCONNECTION -backupVServer spare
bind lb vserver spare b
""", engines)
    assert appliance.pools("web")["threshold"] == 0
    with crowd(5, port) as clients:
        assert tcp_names(clients) == {"backup": 5}
