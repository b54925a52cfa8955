#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The house rules that a machine can check: one function a rule, each a generator of violations.

    test/tidy.py [--tap] [ROOT]     says what is wrong where; exit code 1 when something is

Exceptions stand in the tables below, with their number and their reason; a number that is no longer
reached is a violation too, so that the tables only shrink.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

FUNCTION_LINES, FILE_LINES, HEADER_LINES, COLUMNS = 70, 800, 200, 100

STRINGS = {
    "strcpy": "str", "strcat": "text_add", "sprintf": "snprintf", "vsprintf": "vsnprintf",
    "strtok": "str", "strtok_r": "str", "atoi": "str_to_number", "atol": "str_to_number",
    "atoll": "str_to_number", "gets": "fgets", "alloca": "an array",
}
HEAP = ["malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign", "strdup",
        "strndup", "asprintf", "vasprintf", "free"]
# Rooms that run before the engines or beside them.
HEAP_ROOMS = {"base", "config", "control", "main", "monitor", "origin"}
MUTEX_ROOMS = {"control", "os"}

# Heap calls elsewhere: file, how many, why.
HEAP_EXCEPTIONS = {
    "src/proxy/proxy.c": (5, "the engine's plane, and its table of slots, once a snapshot"),
    "src/proxy/balance.c": (3, "the members of a virtual server, once a snapshot"),
    "src/proxy/persistence.c": (3, "its texts, once a snapshot"),
    "src/proxy/vserver.c": (14, "a slot, once a snapshot"),
    "src/proxy/spill_policy.c": (4, "the rules of a virtual server, once a snapshot"),
    "src/service/service.c": (5, "a slot and the table of them, once a snapshot"),
    "src/engine/engine.c": (3, "messages that found the outbox full: rare, and not to be lost"),
    "src/engine/mailbox.c": (2, "the ring, made and freed by control"),
    "src/os/file.c": (2, "a piece of a file that control reads"),
    "src/admit/quota_map.c": (4, "the map, made and freed by control"),
}
# The word errno outside os.
ERRNO_EXCEPTIONS = {
}
# Public names that do not begin with the name of their file.
PREFIX_EXCEPTIONS = {
}
# Sources without a unit test of their own.
UNTESTED = {
    "src/main/main.c": "only calls; the flow tests run it",
    "src/main/appliance.c": "the ladder of a start; every flow test climbs it",
    "src/main/check.c": "flow tests of spillway check",
    "src/main/check_command.c": "flow tests of the command line",
    "src/main/cli_command.c": "flow tests of the command line",
    "src/main/origin_command.c": "flow tests of the command line",
    "src/main/place.c": "flow tests of the command line",
    "src/main/prompt.c": "flow tests at a pseudo-terminal",
    "src/main/repeat.c": "flow tests of the command line",
    "src/main/run_command.c": "flow tests of the command line",
    "src/main/supervisor.c": "flow tests kill its child and send it signals",
}


class House:
    """The tree as the rules see it: every source, its text, and its text without comments."""

    def __init__(self, root):
        self.root = root
        self.src = root / "src"
        self.sources = sorted(self.src.rglob("*.[ch]"))
        self.raw = {path: path.read_text(errors="replace") for path in self.sources}
        self.code = {path: without_comments(text) for path, text in self.raw.items()}
        rows = [line.split(None, 2) for line in (self.src / "FLOORS").read_text().splitlines()
                if line[:1].isdigit()]
        self.floor = {row[1]: int(row[0]) for row in rows}
        self.functions = functions_of(self.sources)

    def name(self, path):
        return str(path.relative_to(self.root))

    def room(self, path):
        return path.relative_to(self.src).parts[0]

    def lines(self, path):
        return enumerate(self.code[path].splitlines(), 1)


def without_comments(text):
    """The same lines; comments and the insides of strings are blank."""
    def blank(found):
        part = found.group(0)
        if part[0] in "\"'":
            return part[0] + " " * (len(part) - 2) + part[-1]
        return re.sub(r"[^\n]", " ", part)

    # The name of an include is no string.
    keep = r"^[ \t]*#[ \t]*include[^\n]*"
    token = re.compile(rf'{keep}|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                       re.S | re.M)
    return token.sub(lambda found: found.group(0)
                     if found.group(0).lstrip().startswith("#") else blank(found), text)


def functions_of(paths):
    if not paths:
        return []
    done = subprocess.run(["ctags", "--output-format=json", "--fields=+nef", "--c-kinds=f",
                           "-f", "-", *map(str, paths)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls(house, words):
    """Each call of one of `words`: path, line number, word."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(words) + r")\s*\(")
    for path in house.sources:
        for number, line in house.lines(path):
            for found in pattern.finditer(line):
                yield path, number, found.group(1)


def beyond(house, found, table, what):
    """Of `found` (path, number, word), those that the table of exceptions does not cover; and the
    rows of the table that are too generous."""
    by_file = collections.defaultdict(list)
    for path, number, word in found:
        by_file[house.name(path)].append((number, word))
    for name, places in sorted(by_file.items()):
        allowed = table.get(name, (0, ""))[0]
        if len(places) > allowed:
            for number, word in places:
                yield f"{name}:{number}: {word}: {what} ({len(places)} here, {allowed} allowed)"
    for name, (allowed, _) in sorted(table.items()):
        if len(by_file[name]) < allowed:
            yield f"{name}: only {len(by_file[name])} of {allowed} exceptions are used: take them away"


def rule_floors(house):
    """a file includes its own room and lower floors only"""
    for path in house.sources:
        room = house.room(path)
        if room not in house.floor:
            yield f"{house.name(path)}: {room} has no floor"
            continue
        for number, line in house.lines(path):
            found = re.match(r'\s*#\s*include\s+"([^"]*)"', line)
            if not found:
                continue
            other, _, rest = found.group(1).partition("/")
            where = f"{house.name(path)}:{number}"
            if not rest:
                yield f"{where}: name the room in the include of {other}"
            elif other not in house.floor:
                yield f"{where}: no such room: {other}"
            elif other != room and house.floor[other] >= house.floor[room]:
                yield (f"{where}: {room} (floor {house.floor[room]}) may not see {other} "
                       f"(floor {house.floor[other]})")


def rule_private(house):
    """a _priv header is for its own room"""
    for path in house.sources:
        for number, line in house.lines(path):
            found = re.match(r'\s*#\s*include\s+"([^"/]+)/([^"]*_priv\.h)"', line)
            if found and found.group(1) != house.room(path):
                yield f"{house.name(path)}:{number}: {found.group(2)} is private to {found.group(1)}"


def rule_function_length(house):
    """a function fits on a screen"""
    for tag in house.functions:
        length = tag.get("end", tag["line"]) - tag["line"] + 1
        if length > FUNCTION_LINES:
            yield (f"{house.name(pathlib.Path(tag['path']))}:{tag['line']}: {tag['name']} has "
                   f"{length} lines, the limit is {FUNCTION_LINES}")


def rule_file_length(house):
    """a file is one noun"""
    for path in house.sources:
        limit = HEADER_LINES if path.suffix == ".h" else FILE_LINES
        count = house.raw[path].count("\n")
        if count > limit:
            yield f"{house.name(path)}: {count} lines, the limit is {limit}"


def rule_columns(house):
    """no line is longer than 100 columns"""
    for path in house.sources:
        is_table = False  # laid out by hand: a row stays one line
        for number, line in enumerate(house.raw[path].splitlines(), 1):
            is_table = "clang-format off" in line or (is_table and "clang-format on" not in line)
            if len(line.expandtabs(8)) > COLUMNS and not is_table:
                yield f"{house.name(path)}:{number}: longer than {COLUMNS} columns"


def rule_strings(house):
    """no call that knows no bounds"""
    for path, number, word in calls(house, STRINGS):
        yield f"{house.name(path)}:{number}: {word}: use {STRINGS[word]}"


def rule_heap(house):
    """no heap on the data path"""
    found = [row for row in calls(house, HEAP) if house.room(row[0]) not in HEAP_ROOMS]
    yield from beyond(house, found, HEAP_EXCEPTIONS, "slabs, arenas and buffers only")


def rule_mutex(house):
    """locks only in control and os"""
    for path in house.sources:
        for number, line in house.lines(path):
            if re.search(r"\bpthread_(mutex|rwlock|cond|spin)", line) \
                    and house.room(path) not in MUTEX_ROOMS:
                yield f"{house.name(path)}:{number}: a lock outside control and os"


def rule_errno(house):
    """errno only in os"""
    found = [(path, number, "errno") for path in house.sources if house.room(path) != "os"
             for number, line in house.lines(path) if re.search(r"(?<![\w<])errno\b(?!\.h)", line)]
    yield from beyond(house, found, ERRNO_EXCEPTIONS, "only os sees it")


def rule_clock(house):
    """time is a parameter; os reads it"""
    for path, number, word in calls(house, ["clock_gettime", "gettimeofday", "time", "rdtsc"]):
        if house.room(path) != "os":
            yield f"{house.name(path)}:{number}: {word}: only os reads the clock"


def nouns_of(path):
    """The file's own name, and that of a header of the room which a file like quota_map.c for
    quota.h carries on."""
    words = path.stem.split("_")
    yield path.stem
    for count in range(1, len(words)):
        noun = "_".join(words[:count])
        if (path.parent / f"{noun}.h").exists():
            yield noun


def rule_prefix(house):
    """a public function begins with the name of its file"""
    found = []
    for tag in house.functions:
        path = pathlib.Path(tag["path"])
        is_static = "file" in tag or re.search(r"\bstatic\b", tag.get("pattern", ""))
        if path.suffix != ".c" or is_static or tag["name"] == "main":
            continue
        if not any(tag["name"] == noun or tag["name"].startswith(noun + "_")
                   for noun in nouns_of(path)):
            found.append((path, tag["line"], tag["name"]))
    yield from beyond(house, found, PREFIX_EXCEPTIONS, "begins with another name than its file")


def rule_licence(house):
    """the licence stands in every source"""
    for path in house.sources:
        if "SPDX-License-Identifier: Apache-2.0" not in house.raw[path].partition("\n")[0]:
            yield f"{house.name(path)}:1: no SPDX line"


def rule_open_points(house):
    """open points are issues, not comments"""
    for path in house.sources:
        for number, line in enumerate(house.raw[path].splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield f"{house.name(path)}:{number}: an open point"


def rule_unit_tests(house):
    """every source has its unit test"""
    for path in house.sources:
        name = house.name(path)
        test = house.root / "test/unit" / house.room(path) / f"{path.stem}_test.c"
        if path.suffix == ".c" and not test.exists() and name not in UNTESTED:
            yield f"{name}: no {test.relative_to(house.root)}"
        elif path.suffix == ".c" and test.exists() and name in UNTESTED:
            yield f"{name}: has a test: take it out of the table of exceptions"
        elif path.suffix == ".c" and test.exists() and not is_listed(test):
            yield f"{test.relative_to(house.root)}: not in the tests of its meson.build"


def is_listed(test):
    listing = test.parent / "meson.build"
    name = test.name.removesuffix("_test.c")
    return listing.exists() and re.search(rf"'{name}'", listing.read_text()) is not None


def rule_headers(house):
    """every header compiles alone"""
    for path in house.sources:
        if path.suffix != ".h":
            continue
        name = path.relative_to(house.src)
        done = subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-DPOISON=0",
                               "-DSPILLWAY_VERSION=\"0\"", "-Wall", "-Wextra", "-Werror",
                               "-fsyntax-only", "-iquote", str(house.src), "-x", "c", "-"],
                              input=f'#include "{name}"\n#include "{name}"\n', text=True,
                              capture_output=True)
        if done.returncode != 0:
            yield f"{house.name(path)}: does not compile alone: {done.stderr.splitlines()[:3]}"


RULES = [rule for name, rule in sorted(globals().items()) if name.startswith("rule_")]


def main():
    words = [word for word in sys.argv[1:] if word != "--tap"]
    root = pathlib.Path(words[0]).resolve() if words else pathlib.Path(__file__).resolve().parents[1]
    house = House(root)
    if not house.sources:
        print("no sources")
        return 1
    bad = 0
    if "--tap" in sys.argv:
        print(f"1..{len(RULES)}")
    for index, rule in enumerate(RULES, 1):
        problems = list(rule(house))
        bad += bool(problems)
        if "--tap" in sys.argv:
            print(f"{'not ' if problems else ''}ok {index} - {rule.__doc__}")
        for problem in problems:
            print(f"{'# ' if '--tap' in sys.argv else ''}{problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
