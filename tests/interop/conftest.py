# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures. The lab is that of the end-to-end tests; each module says by LAB which kind it needs, built once for it."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))
from lab.probe import Probe  # noqa: E402  pylint: disable=wrong-import-position
from outage import moved  # noqa: E402  pylint: disable=wrong-import-position


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


@pytest.fixture
def failing(lab):
    """The first relay; when the test is over it must come back, and that must cost nothing."""
    lab.wait_shared()
    yield lab.members[0]
    if not lab.members[0].relay.process.alive():
        lab.members[0].relay.process.wait()
        lab.members[0].start_relay()
    mark, before, others = lab.stream.wait_clean(0.2), lab.losses(), lab.bfd_downs(lab.members[1:])
    lab.wait_shared()
    fates = lab.stream.settled(mark)
    if lab.bfd_downs(lab.members[1:]) != others:
        return  # the machine stood still for all: with no relay left, the loss says nothing of this one
    assert [(f.lost, f.wrong) for f in fates] == [(0, 0)] * 2, (
        f'the relay came back too early: {fates}, {moved(lab, before)}')


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    exchange = getattr(item, 'funcargs', {}).get('lab')
    if report.failed and exchange is not None and not getattr(exchange, 'explained', False):
        exchange.explained = True  # once a module: the log grows from test to test
        report.sections.append(('lab', exchange.explain()))
