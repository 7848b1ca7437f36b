# SPDX-License-Identifier: BSD-3-Clause
"""scripts/tally by what meson, pytest and the vectors leave behind. TS_SOURCE_ROOT names the sources."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(os.environ.get("TS_SOURCE_ROOT", pathlib.Path(__file__).resolve().parents[2]))

# As cmocka 1.1 writes them: cases on standard output, the end of it on standard error.
EXPECTED = "[ RUN      ] a\nexpected: this CPU has none\n[  SKIPPED ] a\n"
STRANGE = "[ RUN      ] b\n[  SKIPPED ] b\n"
FINE = "[ RUN      ] c\n[       OK ] c\n"
SKIPPED_END = "[  PASSED  ] 1 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] a\n\n 1 SKIPPED TEST(S)\n"
FAILED = "[  FAILED  ] d\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] d\n\n 1 FAILED TEST(S)\n"


def tally(kind, path):
    done = subprocess.run([ROOT / "scripts/tally", kind, path], capture_output=True, text=True, timeout=20, check=False)
    return [int(n) for n in done.stdout.split()] if done.returncode == 0 else done.stderr


def meson(tmp_path, *tests):
    path = tmp_path / "testlog.json"
    path.write_text("".join(json.dumps({"result": r, "stdout": out, "stderr": err}) + "\n" for r, out, err in tests))
    return tally("meson", path)


@pytest.mark.parametrize("test, counts", [
    (("OK", FINE, ""), [1, 0, 0, 0]),
    (("OK", "", ""), [1, 0, 0, 0]),  # no cmocka program
    (("OK", EXPECTED + FINE, SKIPPED_END), [1, 0, 1, 0]),
    (("OK", FINE + STRANGE, SKIPPED_END), [1, 0, 1, 1]),
    (("OK", EXPECTED + STRANGE, ""), [0, 0, 2, 1]),  # what the case before it said is not its own
    (("FAIL", FINE + EXPECTED + "[ RUN      ] d\n", FAILED), [1, 1, 1, 0]),
    (("FAIL", FINE, ""), [1, 1, 0, 0]),  # a crash
    (("TIMEOUT", "", ""), [0, 1, 0, 0]),
    (("SKIP", "expected: this CPU has no avx512\n", ""), [0, 0, 1, 0]),
    (("SKIP", "", "skipped: no network namespace\n"), [0, 0, 1, 1]),
    (("SKIP", "not expected: really\n", ""), [0, 0, 1, 1]),
])
def test_meson(tmp_path, test, counts):
    assert meson(tmp_path, test) == counts


def test_meson_adds_up(tmp_path):
    assert meson(tmp_path, ("OK", FINE, ""), ("OK", FINE + STRANGE, SKIPPED_END), ("SKIP", "", "")) == [2, 0, 2, 2]


def test_nothing_is_an_error(tmp_path):
    assert "no tests" in meson(tmp_path)
    assert "no result" in tally("junit", tmp_path / "not-there.xml")


def test_junit(tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text('<testsuites><testsuite><testcase/><testcase><failure/></testcase><testcase><error/></testcase>'
                    '<testcase><skipped message="expected: only one CPU"/></testcase>'
                    '<testcase><skipped message="no idea"/></testcase></testsuite></testsuites>')
    assert tally("junit", path) == [1, 2, 2, 1]


@pytest.mark.parametrize("text, counts", [
    ("7 passed, 0 failed\nexit 0\n", [7, 0, 0, 0]),
    ("7 passed, 2 failed\nexit 1\n", [7, 2, 0, 0]),
    ("7 passed, 0 failed\nexit 1\n", [7, 1, 0, 0]),
])
def test_vectors(tmp_path, text, counts):
    path = tmp_path / "vectors"
    path.write_text(text)
    assert tally("vectors", path) == counts
