# SPDX-License-Identifier: Apache-2.0
"""spillway cli at a terminal: Tab completes, ? helps, commands are answered."""
import contextlib
import os
import pty
import re
import select
import subprocess
import time

from spillway import ALARMS, BINARY, LIMIT

OK, REFUSED = 0, 1
MOVES = re.compile(r"\r?\x1b\[[0-9;?]*[A-Za-z]")  # of the cursor; what is written there follows


class Prompt:
    """A pseudo-terminal with `spillway cli` on it."""

    def __init__(self, appliance):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([BINARY, "cli", "--socket", appliance.socket_path],
                                        stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True,
                                        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"})
        os.close(slave)
        self.seen = ""
        self.until("> ")

    def read(self, end):
        """More of what is shown; False: the terminal was closed."""
        assert time.monotonic() < end, repr(self.seen)
        if select.select([self.master], [], [], 0.2)[0]:
            try:
                more = os.read(self.master, 65536).decode(errors="replace")
                self.seen = MOVES.sub("", self.seen + more)
            except OSError:
                return False
        return True

    def until(self, *texts):
        """What is shown up to the last of these texts, which come in this order."""
        end = time.monotonic() + LIMIT
        shown = ""
        for text in texts:
            while text not in self.seen:
                assert self.read(end), f"{text!r} never came: {self.seen!r}"
            part, _, self.seen = self.seen.partition(text)
            shown += part + text
        return shown

    def type(self, text):
        os.write(self.master, text.encode())

    def leave(self, text):
        self.type(text)
        end = time.monotonic() + LIMIT
        while self.read(end):
            pass
        assert not ALARMS.search(self.seen), self.seen
        return self.process.wait(LIMIT)


@contextlib.contextmanager
def prompt_of(appliance):
    prompt = Prompt(appliance)
    try:
        yield prompt
    finally:
        prompt.process.kill()
        prompt.process.wait()
        os.close(prompt.master)


def run(stage):
    return stage.run(f"add lb vserver web HTTP 127.0.0.1 {stage.port()}\n"
                     f"add lb vserver spare HTTP 127.0.0.1 {stage.port()}\n")


def test_tab_completes_and_the_command_runs(stage):
    with prompt_of(run(stage)) as prompt:
        prompt.type("sho\t")
        prompt.until("show ")
        prompt.type("lb vs\t")
        prompt.until("lb vserver ")
        prompt.type("we\t")
        prompt.until("web ")
        prompt.type("\r")
        prompt.until("lb vserver web\r\n", "> ")
        assert prompt.leave("exit\r") == OK


def test_tab_lists_what_is_ambiguous(stage):
    with prompt_of(run(stage)) as prompt:
        prompt.type("rm lb vserver \t")
        prompt.until("web  spare\r\n", "> ", "rm lb vserver")
        prompt.type("sp\t\r")
        prompt.until("\n", "> ")
        prompt.type("show names lb vserver\r")
        assert "spare" not in prompt.until("\nweb\r\n", "> ").partition("vserver\r\n")[2]
        assert prompt.leave("exit\r") == OK


def test_question_mark_helps(stage):
    with prompt_of(run(stage)) as prompt:
        prompt.type("set lb vserver web -so?")
        shown = prompt.until("-soPersistenceTimeOut", "\n", "> ", "-so")
        assert "-soMethod " in shown and "-soThreshold " in shown
        prompt.type("Method ?")
        prompt.until("DYNAMICCONNECTION", "> ", "-soMethod")
        prompt.type("NONE -redirectURL http://localhost/?a\r")
        prompt.until("http://localhost/?a", "\n", "> ")
        prompt.type("show lb vserver web\r")
        prompt.until("redirectURL: http://localhost/?a", "> ")
        assert prompt.leave("\x04") == OK


def test_ctrl_c_clears_the_line(stage):
    with prompt_of(run(stage)) as prompt:
        prompt.type("nonsense that nobody sends\x03show names lb vserver\r")
        prompt.until("\nweb\r\n", "> ")
        assert prompt.leave("\x04") == OK


def test_a_refused_command_is_told_at_the_end(stage):
    with prompt_of(run(stage)) as prompt:
        prompt.type("show lb vserver nobody\r")
        prompt.until("nobody", "ERROR", "> ")
        prompt.type("\x1b[A\r")  # once more, from the history
        prompt.until("show lb vserver nobody", "ERROR", "> ")
        assert prompt.leave("exit\r") == REFUSED
