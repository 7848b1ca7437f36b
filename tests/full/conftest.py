# SPDX-License-Identifier: BSD-3-Clause
"""The lab is that of the end-to-end tests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))


def pytest_sessionstart(session):
    if not pathlib.Path('/run/lab').is_dir():
        pytest.exit('run these by scripts/test full, or under scripts/isolated: they make namespaces and devices', 2)
