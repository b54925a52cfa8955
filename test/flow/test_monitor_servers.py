# SPDX-License-Identifier: Apache-2.0
"""Monitors against the servers that Debian has: each is well, and a reason in words when it is
not."""
import os
import pathlib
import signal
import subprocess

import pytest

from spillway import is_listening, wait_until

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


def folder_for_all(stage, name):
    """A folder that a server may use that gives its privileges up."""
    folder = stage.folder / name
    folder.mkdir()
    for part in (folder, *folder.parents):
        if part == pathlib.Path("/tmp"):
            break
        part.chmod(part.stat().st_mode | 0o055)
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
    (folder / "snmpd.conf").write_text("rocommunity house 127.0.0.1\n")
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


def nginx(stage, port):
    folder = folder_for_all(stage, "nginx")
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
        listen 127.0.0.1:{port};
        location /ready {{ return 200 "all is ready\\n"; }}
        location / {{ return 503; }}
    }}
}}
""")
    stage.keep(Daemon(folder, "/usr/sbin/nginx", "-c", folder / "nginx.conf"))


# server, whether it listens on TCP, the monitor that is well, one that is not, and why not
ROWS = {
    "slapd": (slapd, True,
              'LDAP -bindDN "cn=root,o=house" -password secret -baseDN o=house -filter (o=house)',
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
    "nginx": (nginx, True, 'HTTP-ECV -send "GET /ready" -recv "is ready"',
              'HTTP -httpRequest "GET /"', "HTTP status 503, expected 200"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_server_of_the_system(stage, name):
    start, is_tcp, good, bad, reason = ROWS[name]
    if name == "vsftpd" and os.geteuid() != 0:
        pytest.skip("vsftpd starts as root only")
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
