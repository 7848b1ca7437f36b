# SPDX-License-Identifier: BSD-3-Clause
"""The table of docs/protocols.md section 12 against the rules above it, the sources, the tests and the vectors.

A rule's number stands in the files that the table names for it, alone ("G33"), in a list ("G28, G33") or in a range
("G8 to G10"), so that neither can be moved without the other. TS_SOURCE_ROOT names the sources.
"""
import fnmatch
import json
import os
import pathlib
import re

import pytest

ROOT = pathlib.Path(os.environ.get("TS_SOURCE_ROOT", pathlib.Path(__file__).resolve().parents[2]))
SOURCES = ("lib/", "dataplane/", "control/")
RULE = r"([GSFTVXRIO])(\d+)"
# "S6 to S9" and "G8 to 10" are ranges; so are "S6-S9".
RANGE = re.compile(rf"\b{RULE}(?:(?: to |-)\1?(\d+))?\b")
NOT_BUILT = ("not built", "nothing to build")

TEXT = (ROOT / "docs/protocols.md").read_text()
REFERENCE, _, TABLE = TEXT.partition("\n## 12. ")


def numbers(text):
    """A comment's lines may break inside a range."""
    found = set()
    for letter, first, last in RANGE.findall(re.sub(r"\n\s*\*?\s*", " ", text)):
        found |= {f"{letter}{n}" for n in range(int(first), int(last or first) + 1)}
    return found


def defined():
    """Rules are list items or, in chapter 4, paragraphs that begin with their number in bold."""
    return re.findall(rf"^(?:- )?\*\*({RULE})\*\*", REFERENCE, re.M)


def rows():
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in TABLE.splitlines() if line.startswith("|")]
    assert all(len(c) == 5 for c in cells), "a line has not five cells"
    return cells[2:]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


ROWS = rows()
ROW = pytest.mark.parametrize("row", ROWS, ids=[r[0].replace(" ", "_") for r in ROWS])
VECTORS = {v["name"] for f in (ROOT / "tests/vectors").glob("*.json") for v in json.loads(f.read_text())}


def test_every_rule_has_one_line():
    rules = [r[0] for r in defined()]
    listed = [n for r in ROWS for n in sorted(numbers(r[0]))]

    assert len(rules) > 150 and len(set(rules)) == len(rules)
    assert sorted(listed) == sorted(set(listed)), "a rule is listed twice"
    assert set(listed) - set(rules) == set(), "listed, but not a rule of the reference"
    assert set(rules) - set(listed) == set(), "a rule of the reference, but not listed"


def test_ranges_are_understood():
    assert numbers("as G8 to\n * G10, S6 to 9 and I2; not xG3, G4b or RFC3056") == {
        "G8", "G9", "G10", "S6", "S7", "S8", "S9", "I2"}


@ROW
def test_where(row):
    rule, _, where, tests, remark = row

    if where in NOT_BUILT:
        assert remark, "says not why"
        assert not tests, "names tests of what is not there"
        return
    assert quoted(where), "names no file"
    for name in quoted(where):
        path = ROOT / name
        assert path.is_file(), f"{name} does not exist"
        if name.startswith(SOURCES):
            missing = numbers(rule) - numbers(path.read_text())
            assert not missing, f"{name} does not mention {sorted(missing)}"


def check_test(name):
    path, _, function = name.partition(":")
    file = ROOT / "tests" / path
    assert file.is_file(), f"tests/{path} does not exist"
    if function:
        definition = rf"^(def )?{re.escape(function)}\("
        assert re.search(definition, file.read_text(), re.M), f"tests/{path} has no {function}()"


@ROW
def test_tests(row):
    where, tests = row[2], row[3]

    assert where in NOT_BUILT or quoted(tests), "names no test"
    for name in quoted(tests):
        if "/" in name:
            check_test(name)
        else:
            assert fnmatch.filter(VECTORS, name), f"no vector is called {name}"


@ROW
def test_remark_names_files_that_exist(row):
    for name in quoted(row[4]):
        if "/" in name:
            assert (ROOT / name).is_file(), f"{name} does not exist"
