#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plants a violation of every house rule in a small tree of its own and looks that tidy.py sees it,
and that it finds nothing in the tree without them.
"""
import pathlib
import sys
import tempfile

import tidy

HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n"
LONG = "void thing_long(void)\n{\n" + "\t;\n" * tidy.FUNCTION_LINES + "}\n"

CLEAN = {
    "src/FLOORS": "# floors\n0 base bricks\n1 os system\n2 conn streams\n2 lb choice\n",
    "src/base/thing.h": HEAD + "#pragma once\nvoid thing_do(void);\n",
    "src/base/thing.c": HEAD + '#include "base/thing.h"\nvoid thing_do(void)\n{\n}\n',
    "src/conn/pipe_priv.h": HEAD + "#pragma once\n",
    "src/conn/pipe.c": HEAD + '#include "base/thing.h"\n#include "conn/pipe_priv.h"\n'
                       'static int helper(void)\n{\n\treturn 0; /* atoi("1") */\n}\n'
                       'int pipe_run(void);\nint pipe_run(void)\n{\n\treturn helper();\n}\n',
    "test/unit/base/thing_test.c": HEAD,
    "test/unit/base/meson.build": "tests = ['thing']\n",
    "test/unit/conn/pipe_test.c": HEAD,
    "test/unit/conn/meson.build": "tests = ['pipe']\n",
}

# What is planted: the rule that must see it, the file, its new end.
PLANTED = [
    ("floors", "src/base/thing.c", '#include "conn/pipe.h"\n'),
    ("floors", "src/lb/wall.h", HEAD + '#include "conn/pipe.h"\n'),
    ("floors", "src/attic/wall.h", HEAD),
    ("floors", "src/conn/pipe.c", '#include "pipe.h"\n'),
    ("private", "src/lb/peek.h", HEAD + '#include "conn/pipe_priv.h"\n'),
    ("function_length", "src/base/thing.c", LONG),
    ("file_length", "src/base/thing.c", "\n" * tidy.FILE_LINES),
    ("file_length", "src/base/thing.h", "\n" * tidy.HEADER_LINES),
    ("columns", "src/base/thing.c", "\t/* " + "x" * 90 + " */\n"),
    ("strings", "src/base/thing.c", "static void f(void)\n{\n\tstrcpy(a, b);\n}\n"),
    ("strings", "src/base/thing.c", "static int f(void)\n{\n\treturn atoi (a);\n}\n"),
    ("heap", "src/conn/pipe.c", "static void f(void)\n{\n\tfree(malloc(1));\n}\n"),
    ("mutex", "src/conn/pipe.c", "static pthread_mutex_t lock;\n"),
    ("errno", "src/conn/pipe.c", "static int f(void)\n{\n\treturn errno;\n}\n"),
    ("clock", "src/conn/pipe.c", "static void f(void)\n{\n\tclock_gettime(0, &t);\n}\n"),
    ("prefix", "src/conn/pipe.c", "void other_name(void)\n{\n}\n"),
    ("licence", "src/lb/bare.h", "#pragma once\n"),
    ("open_points", "src/conn/pipe.c", "/* TODO: later */\n"),
    ("unit_tests", "src/conn/lonely.c", HEAD),
    ("unit_tests", "test/unit/conn/meson.build", None),
    ("headers", "src/lb/needs.h", HEAD + "#pragma once\nvoid needs_it(size_t size);\n"),
]


def build(root, planted=None):
    for name, text in CLEAN.items():
        write(root, name, text)
    if planted:
        _, name, more = planted
        write(root, name, CLEAN.get(name, "") + more if more is not None else "")


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def seen(planted=None):
    """The names of the rules that complain."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        build(root, planted)
        house = tidy.House(root)
        return {rule.__name__.removeprefix("rule_") for rule in tidy.RULES if list(rule(house))}


def main():
    for table in (tidy.HEAP_EXCEPTIONS, tidy.ERRNO_EXCEPTIONS, tidy.PREFIX_EXCEPTIONS,
                  tidy.UNTESTED):
        table.clear()
    results = [("a clean tree is clean", seen() == set())]
    for planted in PLANTED:
        results.append((f"{planted[0]} is seen in {planted[1]}", planted[0] in seen(planted)))
    tidy.HEAP_EXCEPTIONS["src/conn/pipe.c"] = (1, "unused")
    results.append(("an exception too many is seen", "heap" in seen()))
    rules = {rule.__name__.removeprefix("rule_") for rule in tidy.RULES}
    results.append(("every rule is tried", rules == {planted[0] for planted in PLANTED}))
    print(f"1..{len(results)}")
    for index, (name, good) in enumerate(results, 1):
        print(f"{'' if good else 'not '}ok {index} - {name}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
