# SPDX-License-Identifier: BSD-3-Clause
"""Teredo (protocols.md 4) with Miredo's client behind a port restricted NAT: our server and our relay, and each of ours
with the other of Miredo's. Everybody meets everybody as a stranger in most tests: a client with a new mapping has a new
address.
"""

import os

import pytest

from lab import checks
from lab.exchange import GATEWAY6, HOST6, ID6, PEER6
from lab.net import wait_for
from teredo import MiredoServerOurRelay, OurServerMiredoRelay, TeredoExchange, TwoWorkers, moved

DOWNLOAD = 1_000_000
CONTACT = 'teredo_indirect_bubbles', 'teredo_peers_confirmed', 'teredo_queued_packets', 'teredo_released_packets'


@pytest.fixture(scope='module', params=[TeredoExchange, TwoWorkers, MiredoServerOurRelay, OurServerMiredoRelay],
                ids=['ours', 'two-workers', 'miredo-server', 'miredo-relay'])
def lab(request):
    if request.param is TwoWorkers and len(os.sched_getaffinity(0)) < 2:
        pytest.skip('expected: only one CPU')
    exchange = request.param()
    try:
        exchange.up()
    except Exception:
        print(exchange.explain())
        exchange.close()
        raise
    yield exchange
    exchange.close()


@pytest.fixture
def our_relay(lab):
    if not lab.our_relay:
        pytest.skip("expected: the relay is Miredo's")


@pytest.fixture
def no_drops(lab):
    """Nothing of Teredo is dropped on the way."""
    before = lab.relay.drops()
    yield
    moved = {name for name, n in lab.relay.drops().items() if 'teredo' in name and n != before.get(name)}
    assert not moved


@pytest.mark.parametrize('size', [8, 1232])
def test_client_first(lab, no_drops, size):
    """4.6: one bubble, and the reply that waited for it reaches the client."""
    lab.new_client()
    counted = moved(lab, *CONTACT)
    checks.ping(lab.client, HOST6, options=f'-s {size}')
    assert counted() == [1 if lab.our_relay else 0] * len(CONTACT)


@pytest.mark.parametrize('size', [8, 1232])
def test_native_host_first(lab, no_drops, size):
    address = lab.new_client()
    counted = moved(lab, *CONTACT)
    checks.ping('host6', address, options=f'-s {size}')
    assert counted() == [1 if lab.our_relay else 0] * len(CONTACT)


def test_client_and_host_at_once(lab):
    """Many clients of many hosts do what one does here: neither end waits for the other."""
    address = lab.new_client()
    lab.client.run(f'exec ping -n -c 3 -i 0.2 {HOST6} >/tmp/ping', background=True)
    checks.ping('host6', address)
    wait_for('the other ping', lambda: '3 received' in lab.client.sh('cat /tmp/ping'))


def test_download(lab):
    lab.new_client()
    checks.download_to_site(lab.client, 'host6', HOST6, DOWNLOAD)


def test_upload(lab):
    checks.download_from_site(lab.client, lab.new_client(), 'host6', DOWNLOAD)


def test_client_pings_relay(lab, our_relay):
    """T13, T24: the relay's own address, as any native host's; the connectivity test comes by the server."""
    lab.new_client()
    checks.ping(lab.client, ID6)


def test_traceroute(lab, our_relay):
    """Errors of the relay reach the client, which tests the relay's address before it believes them."""
    address = lab.new_client()
    checks.ping(lab.client, ID6)
    checks.expect_hops(lab.client, HOST6, [ID6, PEER6, HOST6])
    checks.expect_hops('host6', address, [GATEWAY6, ID6, address])
