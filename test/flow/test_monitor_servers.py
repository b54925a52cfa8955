# SPDX-License-Identifier: Apache-2.0
"""Monitors against the servers that Debian has: each is well, and a reason in words when it is
not."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading

import pytest

from spillway import Client, is_listening, plain, wait_until

QUICK = "-interval 1 -downTime 100 MSEC"


class Daemon:
    """A server of the system on loopback, in a folder of its own."""

    def __init__(self, folder, *words):
        self.log = open(folder / "daemon.log", "ab")
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True)

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()


class OpenFolder:
    """One that a server may use that gives its privileges up. Not in the folder of the tests: each
    run of pytest by the same user closes the roof over all of them to others."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        os.chmod(self.folder.name, 0o755)

    def close(self):
        self.folder.cleanup()


def folder_for_all(stage, name):
    folder = pathlib.Path(stage.keep(OpenFolder()).folder.name) / name
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def slapd(stage, port):
    folder = folder_for_all(stage, "slapd")
    conf = folder / "slapd.conf"
    conf.write_text(f"""include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
database mdb
suffix "o=house"
rootdn "cn=root,o=house"
rootpw secret
directory {folder}
""")
    subprocess.run(["/usr/sbin/slapadd", "-f", conf], check=True, capture_output=True, text=True,
                   input="dn: o=house\nobjectClass: organization\no: house\n")
    stage.keep(Daemon(folder, "/usr/sbin/slapd", "-d", "0", "-f", conf, "-h",
                      f"ldap://127.0.0.1:{port}"))


def snmpd(stage, port):
    folder = folder_for_all(stage, "snmpd")
    (folder / "snmpd.conf").write_text("rocommunity house 127.0.0.1\nsysservices 72\n")
    stage.keep(Daemon(folder, "/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c", folder / "snmpd.conf",
                      "-p", folder / "pid", f"udp:127.0.0.1:{port}"))


def freeradius(stage, port):
    folder = folder_for_all(stage, "radius")
    (folder / "radiusd.conf").write_text(f"""prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
raddbdir = {folder}
run_dir = {folder}
security {{ allow_core_dumps = no }}
client here {{
    ipaddr = 127.0.0.1
    secret = knock
    require_message_authenticator = yes
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        if (&User-Name == "probe" && &User-Password == "right") {{
            update control {{
                Auth-Type := Accept
            }}
        }}
        else {{
            update control {{
                Auth-Type := Reject
            }}
        }}
    }}
}}
""")
    (folder / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
    stage.keep(Daemon(folder, "/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", folder))


def mariadbd(stage, port):
    folder = folder_for_all(stage, "mariadb")
    (folder / "data").mkdir()
    tables = "".join(pathlib.Path(f"/usr/share/mysql/mysql_system_tables{part}.sql").read_text()
                     for part in ("", "_data"))
    subprocess.run(["/usr/sbin/mariadbd", "--no-defaults", "--bootstrap", "--user=root",
                    f"--datadir={folder}/data", "--innodb-buffer-pool-size=8M"], check=True,
                   capture_output=True, text=True,
                   input="create database mysql;\nuse mysql;\n" + tables)
    (folder / "init.sql").write_text("create user probe identified by 'right';\n")
    stage.keep(Daemon(folder, "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={folder}/data",
                      "--user=root", f"--port={port}", "--bind-address=127.0.0.1",
                      f"--socket={folder}/sock", f"--init-file={folder}/init.sql",
                      f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=8M"))


def vsftpd(stage, port):
    folder = folder_for_all(stage, "ftp")
    for name in ("empty", "root"):
        (folder / name).mkdir()
    (folder / "root" / "here").write_text("here\n")
    (folder / "vsftpd.conf").write_text(f"""listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
anon_root={folder}/root
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
""")
    stage.keep(Daemon(folder, "/usr/sbin/vsftpd", folder / "vsftpd.conf"))


def dnsmasq(stage, port):
    folder = folder_for_all(stage, "dns")
    stage.keep(Daemon(folder, "/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
                      "--no-resolv", "--no-hosts", f"--port={port}", "--listen-address=127.0.0.1",
                      "--bind-interfaces", "--address=/here.test/10.1.2.3", "--user=root",
                      "--pid-file"))


def knotd(stage, port):
    folder = folder_for_all(stage, "knot")
    (folder / "here.zone").write_text("""$TTL 60
@ SOA ns root 1 3600 600 86400 60
@ NS ns
ns A 10.1.2.3
www A 10.1.2.3
www AAAA 2001:db8::1
""")
    (folder / "knot.conf").write_text(f"""server:
    rundir: {folder}
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
    journal-db-max-size: 4M
zone:
  - domain: here.test
    storage: {folder}
    file: here.zone
    journal-content: none
""")
    stage.keep(Daemon(folder, "/usr/sbin/knotd", "-c", folder / "knot.conf"))


def certificate(folder):
    """A self-made one, which no monitor verifies."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=self", "-days", "1",
                    "-keyout", folder / "key", "-out", folder / "certificate"], check=True,
                   capture_output=True)


def nginx_tls(stage, port):
    nginx(stage, port, "ssl")


def nginx(stage, port, ssl=""):
    folder = folder_for_all(stage, "nginx")
    certificate(folder)
    (folder / "nginx.conf").write_text(f"""daemon off;
master_process off;
error_log {folder}/error;
pid {folder}/pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} {ssl};
        ssl_certificate {folder}/certificate;
        ssl_certificate_key {folder}/key;
        location /ready {{ return 200 "all is ready\\n"; }}
        location / {{ return 503; }}
    }}
}}
""")
    stage.keep(Daemon(folder, "/usr/sbin/nginx", "-c", folder / "nginx.conf"))


def smtpd(stage, port):
    folder = folder_for_all(stage, "smtp")
    stage.keep(Daemon(folder, "/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l",
                      f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"))


def dovecot(stage, port):
    folder = folder_for_all(stage, "dovecot")
    certificate(folder)
    (folder / "users").write_text("probe:{PLAIN}right\n")
    (folder / "mail").mkdir()
    (folder / "mail").chmod(0o777)
    (folder / "dovecot.conf").write_text(f"""base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_vsz_limit = 0
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
mail_location = maildir:{folder}/mail
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = home={folder}/mail
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
""")
    stage.keep(Daemon(folder, "/usr/sbin/dovecot", "-F", "-c", folder / "dovecot.conf"))


# server, whether it listens on TCP, the monitor that is well, one that is not, and why not
ROWS = {
    "slapd": (slapd, True,
              'LDAP -bindDN "cn=root,o=house" -password secret -baseDN o=house '
              '-filter "(&(objectClass=organization)(|(o=h*se)(!(o=*))))"',
              'LDAP -bindDN "cn=root,o=house" -password wrong', "LDAP result 49"),
    "snmpd": (snmpd, False, "SNMP -snmpCommunity house -snmpVersion V2",
              "SNMP -snmpCommunity house -snmpThreshold 0",
              "is above 0"),
    "freeradius": (freeradius, False, "RADIUS -userName probe -password right -radKey knock",
                   "RADIUS -userName probe -password wrong -radKey knock", "Access-Reject"),
    "mariadb": (mariadbd, True,
                'MYSQL -userName probe -password right -sqlQuery "select 1"',
                "MYSQL -userName probe -password wrong", "MySQL error 1045"),
    "mariadb rows": (mariadbd, True,
                     "MYSQL-ECV -userName probe -password right -sqlQuery \"select 'well'\" "
                     "-recv well", "MYSQL-ECV -userName probe -password right "
                     "-sqlQuery \"select 'ill'\" -recv well", "no row holds"),
    "vsftpd": (vsftpd, True,
               "FTP-EXTENDED -userName anonymous -password a@b -fileName here",
               "FTP -userName nobody -password x", "expected 331"),
    "dnsmasq": (dnsmasq, True, "DNS -query www.here.test -IPAddress 10.1.2.3",
                "DNS -query www.here.test -IPAddress 10.1.2.4", "none of the expected"),
    "dnsmasq over TCP": (dnsmasq, True, "DNS-TCP -query www.here.test",
                         "DNS-TCP -query elsewhere.test", "DNS error REFUSED"),
    "knot": (knotd, True, "DNS -query www.here.test -queryType AAAA -IPAddress 2001:db8::1",
             "DNS -query gone.here.test", "DNS error NXDOMAIN"),
    "knot over TCP": (knotd, True, "DNS-TCP -query here.test -queryType Zone",
                      "DNS-TCP -query elsewhere.test", "DNS error REFUSED"),
    "nginx": (nginx, True, 'HTTP-ECV -send "GET /ready" -recv "is ready"',
              'HTTP -httpRequest "GET /"', "HTTP status 503, expected 200"),
    "nginx over TLS": (nginx_tls, True,
                       'HTTP-ECV -send "GET /ready" -recv "is ready" -secure YES',
                       'HTTP -httpRequest "GET /" -secure YES', "HTTP status 503, expected 200"),
    "nginx with TLS that is not asked for": (
        nginx_tls, True, "TCP -secure YES", "HTTP", "HTTP status 400, expected 200"),
    "nginx without the TLS that is asked for": (
        nginx, True, "TCP", "TCP -secure YES", "TLS: wrong version number"),
    "aiosmtpd": (smtpd, True, "SMTP -domain house", "POP3", "expected +OK"),
    "dovecot": (dovecot, True, "POP3 -userName probe -password right",
                "POP3 -userName probe -password wrong", "-ERR"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_server_of_the_system(stage, name):
    start, is_tcp, good, bad, reason = ROWS[name]
    if name in ("vsftpd", "dovecot") and os.geteuid() != 0:
        pytest.skip(f"{name} starts as root only")
    port = stage.port()
    start(stage, port)
    wait_until(lambda: not is_tcp or is_listening(port), f"{name} listens")
    appliance = stage.run("")
    appliance.do(f"add lb monitor good {good} {QUICK}",
                 f"add lb monitor bad {bad} {QUICK}",
                 f"add service one 127.0.0.1 TCP {port}", f"add service two 127.0.0.1 TCP {port}",
                 "bind service one -monitorName good", "bind service two -monitorName bad")
    wait_until(lambda: appliance.is_up("one"), f"{name} is up")
    wait_until(lambda: reason in appliance.do("show service two"), "the reason is told")
    assert not appliance.is_up("two")


def news(peer):
    """A news server as far as RFC 3977 has it that a monitor asks; Debian has none that runs
    without being set up as the machine's own."""
    replies = {"AUTHINFO USER probe": "381 more", "AUTHINFO PASS right": "281 in",
               "AUTHINFO PASS wrong": "481 no", "GROUP house.talk": "211 1 1 1 house.talk",
               "QUIT": "205 bye"}
    peer.send(b"200 news\r\n")
    while True:
        line = peer.until(b"\r\n").decode().strip()
        peer.send(replies.get(line, "500 what?").encode() + b"\r\n")


def echo(peer):
    while True:
        peer.send(peer.until(b"\n").upper())


def half_an_answer(peer):
    peer.until(b"\n")
    peer.send(b"PI")
    peer.receive()


def an_endless_answer(peer):
    peer.until(b"\n")
    while True:
        peer.send(b"\x00\xff" * 32768)


STAND_INS = {
    "NNTP": (news, "NNTP -userName probe -password right -group house.talk",
             "NNTP -userName probe -password wrong", "expected 281"),
    "TCP-ECV": (echo, r'TCP-ECV -send "ping\n" -recv PING', r'TCP-ECV -send "ping\n" -recv PONG',
                "no answer within 900 ms"),
    "half": (half_an_answer, "TCP", r'TCP-ECV -send "ping\n" -recv PING -resptimeout 200 MSEC',
             "no answer within 200 ms"),
    "endless": (an_endless_answer, "TCP", r'TCP-ECV -send "ping\n" -recv PING',
                "the answer is too long"),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in(stage, name):
    serve, good, bad, reason = STAND_INS[name]
    origin = stage.script(serve)
    appliance = stage.run("")
    appliance.do(f"add lb monitor good {good} {QUICK}", f"add lb monitor bad {bad} {QUICK}",
                 f"add service one 127.0.0.1 TCP {origin.port}",
                 f"add service two 127.0.0.1 TCP {origin.port}",
                 "bind service one -monitorName good", "bind service two -monitorName bad")
    wait_until(lambda: appliance.is_up("one"), f"{name} is up")
    wait_until(lambda: reason in appliance.do("show service two"), "the reason is told")
    assert not appliance.is_up("two")


class Datagrams:
    """A UDP server: answers what the function makes of a datagram; None: nothing."""

    def __init__(self, port, answer):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.answer = answer
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            data, peer = self.sock.recvfrom(65536)
            if data == b"stop":
                return
            answer = self.answer(data)
            if answer is not None:
                self.sock.sendto(answer, peer)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"stop", self.sock.getsockname())
        self.thread.join()
        self.sock.close()


def test_udp_ecv(stage):
    loud, mute = stage.port(), stage.port()
    stage.keep(Datagrams(loud, bytes.upper))
    stage.keep(Datagrams(mute, lambda data: None))
    appliance = stage.run("")
    appliance.do(f"add lb monitor good UDP-ECV -send ping -recv PING {QUICK}",
                 f"add lb monitor wrong UDP-ECV -send ping -recv PONG {QUICK}",
                 f"add lb monitor any UDP-ECV -send ping {QUICK}")
    for name, port, monitor in (("a", loud, "good"), ("b", loud, "wrong"), ("c", mute, "good"),
                                ("d", mute, "any"), ("e", stage.port(), "any")):
        appliance.do(f"add service {name} 127.0.0.1 TCP {port}",
                     f"bind service {name} -monitorName {monitor}")
    wait_until(lambda: appliance.is_up("a"), "the expected answer is well")
    wait_until(lambda: appliance.is_up("d"), "silence is well when nothing is expected")
    for name, reason in (("b", 'does not hold "PONG"'), ("c", "no answer within"),
                         ("e", "connection refused")):
        wait_until(lambda: reason in appliance.do(f"show service {name}"), reason)
        assert not appliance.is_up(name)


def test_load(stage):
    """Metrics of a host over SNMP: a threshold that is passed, a table that is changed live."""
    port = stage.port()
    snmpd(stage, port)
    appliance = stage.run("")
    appliance.do("add lb metricTable host", "bind lb metricTable host up 1.3.6.1.2.1.1.3.0",
                 "bind lb metricTable host services 1.3.6.1.2.1.1.7.0",
                 f"add lb monitor m LOAD -metricTable host -snmpCommunity house -snmpVersion V2 {QUICK}",
                 "bind lb monitor m -metric services -metricThreshold 100",
                 f"add service one 127.0.0.1 TCP {port}", "bind lb monitor m one")
    wait_until(lambda: appliance.is_up("one"), "snmpd is up")
    assert "load 72 of 1 metrics" in appliance.do("show service one")
    appliance.do("set lb monitor m LOAD -metric services -metricThreshold 71")
    wait_until(lambda: not appliance.is_up("one"), "a metric is above its threshold")
    assert "metric services is 72, above 71" in appliance.do("show service one")
    appliance.do("set lb monitor m LOAD -metric services -metricThreshold 72")
    wait_until(lambda: appliance.is_up("one"), "it is not any more")
    appliance.do("set lb metricTable host services 1.3.6.1.2.1.1.77.0")
    wait_until(lambda: "object is not there" in appliance.do("show service one"),
               "the object that the table names now is not there")


def test_http_inline(stage):
    """Clients tell: while they are there no probe is sent, and what they suffer takes the service
    down; probes bring it back."""
    is_well, probes = [True], []

    def serve(peer):
        while (request := peer.request()) is not None:
            if request.target == "/probe":
                probes.append(request.target)
            peer.send(plain(status="200 OK" if is_well[0] else "404 Gone"))

    origin, port = stage.script(serve), stage.port()
    appliance = stage.run(f"add lb monitor m HTTP-INLINE -httpRequest \"GET /probe\" -interval 100 MSEC "
                          f"-retries 2 -downTime 100 MSEC -respCode 200-299 -action LOG\n"
                          f"add service one 127.0.0.1 HTTP {origin.port}\n"
                          f"bind service one -monitorName m\n"
                          f"add lb vserver v HTTP 127.0.0.1 {port}\nbind lb vserver v one\n")
    with Client(port) as client:
        wait_until(lambda: client.get().status == 200 and
                   "clients had" in appliance.do("show service one"), "clients are listened to")
        is_well[0] = False
        wait_until(lambda: client.get().status == 404 and
                   "-action LOG leaves it up" in appliance.log(), "what clients suffer is logged")
        assert "bad, up by -action" in appliance.do("show service one")
        assert appliance.is_up("one")
        appliance.do("set lb monitor m HTTP-INLINE -action DOWN")
        with contextlib.suppress(ConnectionError, EOFError):  # nobody is served any more
            wait_until(lambda: client.get().status == 503, "clients take it down")
    wait_until(lambda: not appliance.is_up("one"), "it is down")
    assert "0 good answers" in appliance.log()
    assert appliance.service("one")["unexpected"] >= 2
    is_well[0], before = True, len(probes)
    wait_until(lambda: appliance.is_up("one"), "a probe brings it back")
    assert len(probes) > before


def test_a_program(stage):
    """USER: address, port and arguments go in, exit status and a line come out; it is nobody, and at
    the time-out all that it started is killed."""
    folder = folder_for_all(stage, "program")
    folder.chmod(0o777)
    well, endless = folder / "well", folder / "endless"
    well.write_text(f'#!/bin/sh\n[ -e {folder}/full ] && echo "disk is full" && exit 3\n'
                    'echo "$1 $2 $3 by $(id -u)"; yes | head -c 200000\n')
    endless.write_text(f"#!/bin/sh\nsetsid sh -c 'echo $$ >> {folder}/left; exec sleep 3600'\n")
    for path in (well, endless):
        path.chmod(0o755)
    port = stage.port()
    appliance = stage.run("")
    appliance.do(f'add lb monitor well USER -scriptName {well} -scriptArgs "a b" {QUICK} -retries 1',
                 f"add lb monitor endless USER -scriptName {endless} {QUICK} -resptimeout 900 MSEC",
                 f"add service one 127.0.0.1 TCP {port}", f"add service two 127.0.0.1 TCP {port}",
                 "bind service one -monitorName well", "bind service two -monitorName endless")
    who = 65534 if os.geteuid() == 0 else os.geteuid()
    wait_until(lambda: f"exit status 0: 127.0.0.1 {port} a b by {who}" in
               appliance.do("show service one"), "it is well")
    (folder / "full").touch()
    wait_until(lambda: "reason: monitor well: exit status 3: disk is full" in
               appliance.do("show service one"), "it is not")
    wait_until(lambda: "no answer within 900 ms" in appliance.do("show service two"), "time is over")
    appliance.do("unbind service two -monitorName endless")
    left = (folder / "left").read_text().split()
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in left),
               "nothing is left")


def test_response_time(stage):
    """A server that gets slow on command: slower than was learned is a failure, slow is logged, and
    so are failures in a row."""
    delay = [0]

    def serve(peer):
        while peer.request() is not None:
            threading.Event().wait(delay[0])
            peer.send(plain())

    origin = stage.script(serve)
    appliance = stage.run(f"add lb monitor m HTTP -interval 300 MSEC -resptimeout 250 MSEC -deviation "
                          f"100 MSEC -resptimeoutThresh 10 -retries 3 -alertRetries 2 "
                          f"-downTime 100 MSEC\n"
                          f"add service one 127.0.0.1 HTTP {origin.port}\n"
                          f"bind service one -monitorName m\n")

    def has_learned():
        shown = re.search(r"probes (\d+), failed (\d+),.* average", appliance.do("show service one"))
        return shown and int(shown[1]) - int(shown[2]) > 8 and appliance.is_up("one")

    wait_until(has_learned, "the average is learned")
    delay[0] = 0.18
    wait_until(lambda: not appliance.is_up("one"), "it is too slow")
    assert re.search(r"response time [\d.]+ ms, average [\d.]+ ms, at most [\d.]+ ms",
                     appliance.log())
    assert "is above 10% of -resptimeout" in appliance.log()
    assert "2 failed probes in a row" in appliance.log()
    delay[0] = 0
    wait_until(lambda: appliance.is_up("one"), "it is quick again")
