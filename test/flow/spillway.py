# SPDX-License-Identifier: Apache-2.0
"""What the scenarios are made of: an appliance, origins behind it, clients before it.

Everything listens on loopback, on ports that are locked against every other test on this machine,
in folders of its own. Nobody sleeps and hopes: wait_until() polls a condition with a generous
limit. The program under test is named by SPILLWAY (default build/spillway), so that the same
scenarios run under the sanitizers.
"""
import collections
import contextlib
import fcntl
import json
import os
import pathlib
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SPILLWAY", str(ROOT / "build" / "spillway"))
IS_SANITIZED = any(mark in pathlib.Path(BINARY).read_bytes()
                   for mark in (b"__asan_init", b"__tsan_init"))
LIMIT = 60 if IS_SANITIZED else 30  # seconds until a condition counts as never met
PORTS = pathlib.Path(f"/tmp/spillway-ports-{os.getuid()}")
# What a broken program leaves in its standard error.
ALARMS = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|"
                    r"check failed|must\(|Assertion|core dumped")


def wait_until(condition, what="", limit=LIMIT):
    """Polls until the condition holds and returns what it returned."""
    end = time.monotonic() + limit
    pause = 0.002
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"never came true: {what or condition}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


class Ports:
    """Ports that nobody else on this machine uses: each is a locked file, below the range from
    which the kernel takes the ports of outgoing connections."""

    def __init__(self):
        self.locks = []

    def take(self, count=1):
        """A port; of `count` in a row the first."""
        PORTS.mkdir(exist_ok=True)
        while True:
            port = random.randrange(10000, 32000)
            if all(self.lock(port + number) for number in range(count)):
                return port

    def lock(self, port):
        lock = os.open(PORTS / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            os.close(lock)
            return False
        self.locks.append(lock)
        return True

    def close(self):
        for lock in self.locks:
            os.close(lock)


# ---------------------------------------------------------------- the appliance

Answer = collections.namedtuple("Answer", "status text error")


def run_program(*words, stdin=None, limit=LIMIT, **more):
    """build/spillway with these words: exit status, standard output, standard error."""
    done = subprocess.run([BINARY, *map(str, words)], input=stdin, capture_output=True, text=True,
                          timeout=limit, **more)
    assert not ALARMS.search(done.stderr), done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


def check_config(folder, text):
    """spillway check -c FILE"""
    path = pathlib.Path(folder) / "checked.conf"
    path.write_text(text)
    return run_program("check", "-c", path)


class Appliance:
    """A running `spillway run`."""

    def __init__(self, folder, config, engines=1, options=(), files_max=None, prefix=()):
        self.folder = pathlib.Path(folder)
        self.config_path = self.folder / "spillway.conf"
        self.config_path.write_text(config)
        self.socket_path = str(self.folder / "cli.sock")
        self.log_path = self.folder / "log"
        self.engines = engines
        words = [*prefix, BINARY, "run", "-c", str(self.config_path), "--engines", str(engines),
                 "--socket", self.socket_path, *map(str, options)]
        limits = None
        if files_max is not None:
            def limits():
                resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=limits)
        try:
            wait_until(self.is_ready, "the appliance is ready")
            if "add service" in config:
                wait_until(self.has_probed, "the first probes are answered")
        except BaseException:
            self.end()  # nobody else knows of it yet
            raise

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ended with {self.process.returncode}:\n{self.log()}")
        return self.ask("show ns runningConfig").status == 0

    def has_probed(self):
        """Every service whose server listens is up: monitors have had their first look."""
        rows = re.findall(r" 127\.0\.0\.1:(\d+)  \w+  (?:DOWN|UNKNOWN)\b", self.do("show service"))
        return not any(is_listening(port) for port in rows)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def cli(self, *commands, stdin=None):
        words = ["cli", "--socket", self.socket_path]
        for command in commands:
            words += ["-e", command]
        return run_program(*words, stdin=stdin)

    def ask(self, command):
        """One command as build/spillway cli sends it, without a process: scenarios look often."""
        line = command.replace("\n", " ") + "\n"
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(LIMIT)
                sock.connect(self.socket_path)
                sock.sendall(line.encode())
                with sock.makefile("rb") as answers:
                    status, length = map(int, answers.readline().split())
                    text = answers.read(length).decode()
        except (OSError, ValueError) as error:
            return Answer(3, "", f"no answer: {error}")
        return Answer(0, text, "") if status == 0 else Answer(1, "", text)

    def do(self, *commands):
        """Commands that must be accepted; what they answer."""
        texts = []
        for command in commands:
            answer = self.ask(command)
            assert answer.status == 0, f"{command}: {answer}"
            texts.append(answer.text)
        return "".join(texts)

    def refuse(self, command):
        """A command that must be refused; what it says."""
        answer = self.ask(command)
        assert answer.status == 1, f"{command}: {answer}"
        return answer.error

    def running_config(self):
        return self.do("show ns runningConfig")

    def settled(self, command):
        """What it answers when it answers the same twice, if it does soon: an engine counts what a
        client has seen already a moment later, with what else its turn brought."""
        text = self.do(command)
        for _ in range(5):
            time.sleep(0.003)
            before, text = text, self.do(command)
            if text == before:
                break
        return text

    def stat(self, kind, name):
        """The numbers of `stat KIND NAME` by the names that the source gives them."""
        shown = numbers_of(self.settled(f"stat {kind} {quoted(name)}"))
        return {STAT_NAMES[kind].get(label, label): value for label, value in shown.items()}

    def is_up(self, service):
        """Whether monitors and operator let a service serve."""
        shown = self.do(f"show service {quoted(service)}")
        return re.search(r"^\s*state: UP\b", shown, re.M) is not None

    def vserver(self, name):
        return self.stat("lb vserver", name)

    def service(self, name):
        return self.stat("service", name)

    def pools(self, name):
        """The numbers of `show lb vserver NAME`."""
        return numbers_of(self.settled(f"show lb vserver {name}"))

    def data_process(self):
        """The process id of the supervisor's child; None while there is none."""
        try:
            path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
            children = pathlib.Path(path).read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return int(children[0]) if children else None

    def memory(self):
        """Resident bytes of the data process: now, and at the peak."""
        status = pathlib.Path(f"/proc/{self.data_process()}/status").read_text()
        read = {name: int(re.search(rf"{name}:\s*(\d+)", status).group(1)) * 1024
                for name in ("VmRSS", "VmHWM")}
        return read["VmRSS"], read["VmHWM"]

    def is_quiet(self):
        """No client is there and nothing is in work: every gauge is zero but idle connections. Once
        more, since a client that has come and gone may not have been accepted yet."""
        if self.busy():
            return False
        time.sleep(0.01)
        return not self.busy()

    def busy(self):
        """The gauges that are not zero, by name."""
        wrong = {}
        for kind in ("lb vserver", "service", "serviceGroup"):
            blocks = re.split(rf"^(?:{kind}|member) (.*)\n", self.do(f"stat {kind}"), flags=re.M)
            for name, block in zip(blocks[1::2], blocks[2::2]):
                for label, value in numbers_of(block).items():
                    gauge = STAT_NAMES[kind].get(label, label)
                    if gauge in GAUGES and value != 0:
                        wrong[f"{kind} {name} {gauge}"] = value
        for gauge, value in self.engine_gauges().items():
            if value != 0:
                wrong[f"engines {gauge}"] = value
        return wrong

    def engine_gauges(self):
        """Clients, sessions and buffers in use, over all engines."""
        label = {name: label for label, name in STAT_NAMES["engine"].items()}
        shown = numbers_of(self.do("stat engines"))
        return {name: shown[label[name]] for name in ("clients", "sessions", "buffers")}

    def kill(self, number):
        self.process.send_signal(number)

    def wait(self, limit=LIMIT):
        return self.process.wait(limit)

    def stop(self):
        """Ends it as an operator would and looks that nothing was left or broken."""
        if self.process.poll() is None:
            try:
                wait_until(self.is_quiet, "every gauge is zero")
            except AssertionError:
                raise AssertionError(f"gauges are not zero: {self.busy()}\n{self.log()}") from None
            self.kill(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"exit code {code}:\n{self.log()}"
        self.assert_sound()

    def assert_sound(self):
        assert not ALARMS.search(self.log()), self.log()

    def end(self):
        """For good, without questions: when a scenario has failed already."""
        if self.process.poll() is None:
            child = self.data_process()
            self.process.kill()
            if child is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            self.process.wait()


def quoted(name):
    return name if re.fullmatch(r"[\w.:-]+", name) else '"' + name + '"'


def stat_names():
    """From the labels that an operator sees to the names of the fields, for each kind: the table
    in record/stat.c is the only place that knows both."""
    source = (ROOT / "src/record/stat.c").read_text()
    kinds = {"stat_vserver": "lb vserver", "stat_service": "service", "stat_engine": "engine",
             "stat_policy": "spillover policy"}
    names = {kind: {} for kind in kinds.values()}
    for block, name, label in re.findall(r'(?:GAUGE|COUNT|PEAK)\((\w+), (\w+), "([^"]+)"', source):
        names[kinds[block]][label.lower().replace(" ", "_")] = name
    names["serviceGroup"] = names["service"]
    return names


STAT_NAMES = stat_names()
GAUGES = {"clients", "queued", "requests_active", "active", "waiting", "used"}


def numbers_of(text):
    """Lines like "clients  12" or "clients: 12" to a dictionary; the first of a name counts."""
    found = {}
    for name, value in re.findall(r"^\s*([A-Za-z][\w ()-]*?)\s*[:=\t ]\s*(-?\d+)\s*$", text, re.M):
        found.setdefault(name.strip().lower().replace(" ", "_"), int(value))
    return found


# ---------------------------------------------------------------- origins

class BuiltinOrigin:
    """`spillway origin`, with its own counters."""

    def __init__(self, port, name, *options, listen):
        self.port, self.name = port, name
        self.process = subprocess.Popen(
            [BINARY, "origin", "--listen", listen, "--name", name, *map(str, options)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        wait_until(lambda: self.process.poll() is not None or is_listening(port), "origin listens")
        assert self.process.poll() is None, self.process.stderr.read()

    def stats(self):
        with Client(self.port) as client:
            client.send("GET /stats HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n")
            return json.loads(client.response().body)

    def connections(self):
        return self.stats()["connections"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.process.stderr.close()


def is_listening(port):
    """Looks without connecting: a connection would be counted."""
    want = f"{int(port):04X}"
    rows = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            rows += pathlib.Path(table).read_text().splitlines()
    return any(row[1].endswith(":" + want) and row[3] == "0A"
               for row in map(str.split, rows) if len(row) > 3)


class ScriptOrigin:
    """A server that does what a function of the scenario says, a thread for each connection.

    `serve(peer)` gets a Client on the accepted socket. Everything that arrives is kept in
    `received`, a bytearray for each connection.
    """

    def __init__(self, port, serve, backlog=1024, host="127.0.0.1"):
        self.port, self.serve = port, serve
        self.received, self.peers, self.errors = [], [], []
        self.is_closed = False
        self.listener = socket.create_server((host, port), backlog=backlog)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while not self.is_closed:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            seen = bytearray()
            self.received.append(seen)
            # A server is patient: the client's limit is the scenario's.
            peer = Client(sock=sock, seen=seen, limit=10 * LIMIT)
            self.peers.append(peer)
            threading.Thread(target=self.run, args=(peer,), daemon=True).start()

    def run(self, peer):
        try:
            self.serve(peer)
        except (ConnectionError, TimeoutError, EOFError, OSError) as error:
            self.errors.append(error)
        except Exception as error:  # noqa: a scenario's function is wrong: show it
            self.errors.append(error)
            raise
        finally:
            peer.close()

    def close(self):
        self.is_closed = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)


def answers(*responses, then_close=False):
    """A serve function: one request, one response, in turn; the last one for all further."""
    def serve(peer):
        index = 0
        while peer.request() is not None:
            peer.send(responses[min(index, len(responses) - 1)])
            index += 1
            if then_close:
                return
    return serve


def plain(body="hello", status="200 OK", fields=""):
    body = body.encode() if isinstance(body, str) else body
    return (f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n").encode() + body


# ---------------------------------------------------------------- clients

Response = collections.namedtuple("Response", "status fields body head")
Request = collections.namedtuple("Request", "method target fields body head")


def field(message, name, missing=None):
    """The first value of a field."""
    for key, value in message.fields:
        if key.lower() == name.lower():
            return value
    return missing


class Client:
    """A socket that speaks as the scenario says: raw bytes out, bytes or parsed messages in.

    A reset that comes before connect() has returned is met at the first read, as one is that comes
    a moment later: which of the two it will be nobody knows.
    """

    def __init__(self, port=None, sock=None, host="127.0.0.1", source=None, seen=None,
                 receive_buffer=None, limit=LIMIT):
        self.early_reset = None
        if sock is None:
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            sock.settimeout(limit)
            if source:
                sock.bind(source)
            try:
                sock.connect((host, port))
            except ConnectionResetError as error:
                self.early_reset = error
        sock.settimeout(limit)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.seen, self.rest = sock, seen, b""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def more(self, size=262144):
        """Whatever comes next; b"" at the end."""
        if self.rest:
            data, self.rest = self.rest[:size], self.rest[size:]
            return data
        return self.receive(size)

    def receive(self, size=262144):
        if self.early_reset:
            raise self.early_reset
        data = self.sock.recv(size)
        if self.seen is not None:
            self.seen += data
        return data

    def fill(self):
        data = self.receive()
        if not data:
            raise EOFError(f"the connection ended after {self.rest[:200]!r}")
        self.rest += data

    def exactly(self, count):
        parts, have = [self.rest[:count]], min(count, len(self.rest))
        self.rest = self.rest[count:]
        while have < count:
            data = self.receive(min(1 << 20, count - have))
            if not data:
                raise EOFError(f"{have} of {count} bytes")
            parts.append(data)
            have += len(data)
        return b"".join(parts)

    def until(self, mark):
        while mark not in self.rest:
            self.fill()
        data, _, self.rest = self.rest.partition(mark)
        return data + mark

    def all(self):
        """Everything until the other side has ended."""
        parts = [self.rest]
        self.rest = b""
        while data := self.receive():
            parts.append(data)
        return b"".join(parts)

    def is_ended(self):
        """Waits for the end; False when bytes come instead."""
        try:
            return self.more(1) == b""
        except ConnectionResetError:
            return True

    def is_reset(self):
        """Waits for a reset; False for an orderly end or bytes."""
        try:
            self.more(1)
            return False
        except ConnectionResetError:
            return True

    def is_open(self):
        """Nothing came and nobody has closed, as far as is known now."""
        if self.early_reset:
            return False
        ready, _, _ = select.select([self.sock], [], [], 0)
        if not ready:
            return True
        with contextlib.suppress(ConnectionResetError):
            return self.sock.recv(1, socket.MSG_PEEK) != b""
        return False

    def is_established(self):
        """Neither side has ended it, as far as the kernel knows."""
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)
        return info[0] == 1

    def head(self):
        text = self.until(b"\r\n\r\n").decode("latin-1")
        lines = text[:-4].split("\r\n")
        return lines[0], [tuple(part.strip() for part in line.split(":", 1))
                          for line in lines[1:]], text

    def chunks(self):
        """The body of a chunked message and its trailer fields."""
        body = []
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            body.append(self.exactly(size))
            assert self.exactly(2) == b"\r\n"
        trailers = []
        while (line := self.until(b"\r\n")) != b"\r\n":
            trailers.append(tuple(line.decode("latin-1").strip().split(": ", 1)))
        return b"".join(body), trailers

    def body(self, fields, to_end):
        values = {name.lower(): value for name, value in fields}
        if "chunked" in values.get("transfer-encoding", "").lower():
            body, self.trailers = self.chunks()
            return body
        if "content-length" in values:
            return self.exactly(int(values["content-length"]))
        return self.all() if to_end else b""

    def response(self, method="GET"):
        """One final or interim response."""
        line, fields, text = self.head()
        status = int(line.split(" ")[1])
        has_body = method != "HEAD" and status >= 200 and status not in (204, 304)
        body = self.body(fields, True) if has_body else b""
        return Response(status, fields, body, text)

    def request(self):
        """As a server: one request; None when the client has ended."""
        while b"\r\n\r\n" not in self.rest:
            data = self.receive()
            if not data:
                return None
            self.rest += data
        line, fields, text = self.head()
        method, target, _ = line.split(" ")
        body = self.body(fields, False)
        return Request(method, target, fields, body, text)

    def get(self, path="/", fields="", method="GET"):
        self.send(f"{method} {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n")
        return self.response(method)

    def shut(self):
        """No more from us; we still listen."""
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        if self.sock.fileno() >= 0:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()

    def close(self):
        self.sock.close()


@contextlib.contextmanager
def crowd(count, port, start=0):
    """`count` clients, connected and silent; closed at the end. They come from many addresses of
    loopback, so that the kernel spreads them over the engines."""
    clients = []
    try:
        for index in range(start, start + count):
            clients.append(Client(port, source=(f"127.0.{1 + index // 250}.{1 + index % 250}", 0)))
        yield clients
    finally:
        for client in clients:
            client.close()


def http_names(clients, path="/"):
    """Each client asks once; how often each origin answered, by its name."""
    for client in clients:
        client.send(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
    return collections.Counter(client.response().body.decode().strip() for client in clients)


def tcp_names(clients):
    """Each client reads the greeting of a TCP origin."""
    return collections.Counter(client.until(b"\n").decode().strip() for client in clients)


def get(port, path="/", fields=""):
    """One request over a connection of its own."""
    with Client(port) as client:
        return client.get(path, fields)


def status_of(port, path="/"):
    """Of one request; None where a service or virtual server that goes down cuts it."""
    try:
        return get(port, path).status
    except (ConnectionError, EOFError):
        return None


def is_dropped(port, source=None):
    """Whether a client is reset."""
    with Client(port, source=source) as client:
        return client.is_reset()


class GateOrigin(ScriptOrigin):
    """An HTTP origin that holds every request until its gate opens, then answers its name."""

    def __init__(self, port, name, host="127.0.0.1"):
        self.name, self.asked = name, []
        self.gate = threading.Event()
        self.lock = threading.Lock()
        self.active = self.active_peak = self.requests = self.open_peak = 0
        self.inside = []
        super().__init__(port, self.answer, host=host)

    def answer(self, peer):
        self.come_in(peer)
        try:
            while request := peer.request():
                with self.lock:
                    self.asked.append(request)
                    self.requests += 1
                self.count("active", 1)
                self.gate.wait(LIMIT)
                self.count("active", -1)
                peer.send(plain(self.name))
        finally:
            with self.lock:
                self.inside.remove(peer)

    def come_in(self, peer):
        """The kernel says who is still connected: the thread of one that has left may not know yet."""
        with self.lock:
            self.inside.append(peer)
            self.open_peak = max(self.open_peak, sum(one.is_established() for one in self.inside))

    @property
    def open(self):
        return len(self.inside)

    def count(self, what, change):
        with self.lock:
            value = getattr(self, what) + change
            setattr(self, what, value)
            setattr(self, what + "_peak", max(value, getattr(self, what + "_peak")))

    def close(self):
        self.gate.set()
        super().close()


def greets(name):
    """A serve function for TCP: says its name, then echoes to the end."""
    def serve(peer):
        peer.send(name + "\n")
        while data := peer.more():
            peer.send(data)
    return serve
