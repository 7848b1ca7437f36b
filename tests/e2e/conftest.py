# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures. A module's lab is built once; what it was like is printed when the first of its tests fails."""

import pathlib

import pytest

from lab.exchange import Exchange
from lab.probe import Probe


def pytest_sessionstart(session):
    if not pathlib.Path('/run/lab').is_dir():
        pytest.exit('run these by scripts/test e2e, or under scripts/isolated: they make namespaces and devices', 2)


@pytest.fixture(scope='module')
def lab(request):
    """The whole exchange point. A module without a 6to4 host in its tests says WITH_SITE = False and starts faster."""
    exchange = Exchange()
    try:
        exchange.up(getattr(request.module, 'WITH_SITE', True))
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
