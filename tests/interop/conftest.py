# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures. The lab is that of the end-to-end tests; each module says by LAB which kind it needs, built once for it."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))
from lab.probe import Probe  # noqa: E402  pylint: disable=wrong-import-position


def pytest_sessionstart(session):
    if not pathlib.Path('/run/lab').is_dir():
        pytest.exit('run these by scripts/test interop, or under scripts/isolated: they make namespaces and devices', 2)


@pytest.fixture(scope='module')
def lab(request):
    exchange = request.module.LAB()
    try:
        exchange.up()
    except Exception:
        print(exchange.explain())
        exchange.close()
        raise
    yield exchange
    exchange.close()


@pytest.fixture(scope='module')
def probe(lab):
    with Probe(lab) as p:
        yield p


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    exchange = getattr(item, 'funcargs', {}).get('lab')
    if report.failed and exchange is not None and not getattr(exchange, 'explained', False):
        exchange.explained = True  # once a module: the log grows from test to test
        report.sections.append(('lab', exchange.explain()))
