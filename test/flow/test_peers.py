# SPDX-License-Identifier: Apache-2.0
"""Programs of others on both sides: nginx as the server, curl, wrk and h2load as clients."""
import re
import subprocess

import pytest

from spillway import IS_SANITIZED, Client, is_listening, wait_until

NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 50;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 "hello from nginx\\n"; }}
        location /files/ {{ alias {folder}/files/; dav_methods PUT DELETE; }}
    }}
}}
"""


class Nginx:
    """Closes a connection after fifty requests, as servers do, whatever is on its way."""

    def __init__(self, folder, port):
        (folder / "files").mkdir(parents=True)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        self.folder, self.port = folder, port
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-p", folder,
                                         "-c", folder / "nginx.conf"], stdin=subprocess.DEVNULL)
        wait_until(lambda: self.process.poll() is not None or is_listening(port), "nginx listens")
        assert self.process.poll() is None

    def close(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def before_nginx(stage, tmp_path):
    """An appliance before two of them: appliance, port, folder of the first."""
    port = stage.port()
    servers = [stage.keep(Nginx(tmp_path / f"nginx{number}", stage.port())) for number in range(2)]
    appliance = stage.run(f"""
add service n1 127.0.0.1 HTTP {servers[0].port}
add service n2 127.0.0.1 HTTP {servers[1].port} -maxClient 8
add lb vserver web HTTP 127.0.0.1 {port}
add lb vserver files HTTP 127.0.0.1 {(files := stage.port())}
bind lb vserver web n1
bind lb vserver web n2
bind lb vserver files n1
""", 2)
    return appliance, port, files, servers[0].folder


def test_load_while_servers_close_connections(before_nginx):
    """Tens of thousands of requests over connections that nginx closes again and again: all are
    answered well."""
    appliance, port, _, _ = before_nginx
    count = 4000 if IS_SANITIZED else 40000
    text = subprocess.run(["h2load", "--h1", "-c40", f"-n{count}", f"http://127.0.0.1:{port}/"],
                          capture_output=True, text=True, check=True).stdout
    assert f"{count} succeeded, 0 failed, 0 errored, 0 timeout" in text, text
    assert f"status codes: {count} 2xx" in text, text
    assert appliance.service("n1")["connections_total"] > count / 2 / 50 / 2


def test_wrk(before_nginx):
    _, port, _, _ = before_nginx
    text = subprocess.run(["wrk", "-t1", "-c50", "-d2s", f"http://127.0.0.1:{port}/"],
                          capture_output=True, text=True, check=True).stdout
    assert int(re.search(r"(\d+) requests in", text).group(1)) > 100
    # A time-out is two seconds: a machine may be that busy.
    assert "Non-2xx" not in text, text
    assert re.search("Socket errors: (?!connect 0, read 0, write 0,)", text) is None, text


@pytest.mark.parametrize("options", [[], ["--http1.0"], ["--head"], ["-H", "Connection: close"],
                                     ["-H", "Expect: 100-continue", "-d", "body"], ["--http2"],
                                     ["--compressed"], ["-r", "3-6"], ["--path-as-is"]])
def test_curl(before_nginx, options):
    _, _, port, folder = before_nginx
    (folder / "files/text").write_text("0123456789")
    done = subprocess.run(["curl", "-sS", "-i", *options, f"http://127.0.0.1:{port}/files/text"],
                          capture_output=True, text=True, timeout=60, check=True)
    assert re.match(r"HTTP/1\.[01] (20[06]|405) ", done.stdout), done.stdout
    if options[:1] == ["-r"]:
        assert done.stdout.endswith("3456")


def test_upload_of_a_file(before_nginx, tmp_path):
    """curl -T with a length and without: nginx has stored every byte."""
    _, _, port, folder = before_nginx
    body = bytes(range(256)) * 2000
    (tmp_path / "body").write_bytes(body)
    for number, options in enumerate(([], ["-H", "Transfer-Encoding: chunked"])):
        subprocess.run(["curl", "-sSf", *options, "-T", tmp_path / "body",
                        f"http://127.0.0.1:{port}/files/up{number}"], timeout=60, check=True,
                       capture_output=True)
        assert (folder / f"files/up{number}").read_bytes() == body


def test_many_files_over_one_connection(before_nginx):
    _, _, port, folder = before_nginx
    for size in (0, 1, 1023, 65535, 65536, 65537, 1000000):
        (folder / f"files/{size}").write_bytes(b"x" * size)
    with Client(port) as client:
        for _ in range(20):
            for size in (0, 1, 1023, 65535, 65536, 65537, 1000000):
                assert len(client.get(f"/files/{size}").body) == size
