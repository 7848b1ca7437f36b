# SPDX-License-Identifier: BSD-3-Clause
"""Our Teredo server and relay, and clients behind each of the four NATs of RFC 3489 (test_nat_kinds.py proves what they
are): Teredo goes through the three cones; through the symmetric one only with the extension of RFC 6081, and the
counters say why.
"""

import pytest

from lab import checks
from lab.exchange import HOST6
from lab.nat import FULL_CONE, PORT_RESTRICTED, RESTRICTED, SYMMETRIC
from lab.net import Process
from teredo import OUR_SERVER, TeredoExchange
from teredo_client import TeredoClient

LAB = TeredoExchange
CONES = FULL_CONE, RESTRICTED, PORT_RESTRICTED
MISMATCH = 'drop_teredo_decap_src_mismatch'


@pytest.fixture(scope='module')
def nonce_lab(lab):
    """The relay sends nonces and takes the mapping from where they come back."""
    lab.restart(lab.config(nonce=True, **{'accept-mismatch': True}))
    return lab


def unanswered(where, address):
    return ' 0 received' in checks.command(where, f'ping -n -c 3 -i 0.2 -W 1 {address}', check=False)


@pytest.mark.parametrize('kind', CONES)
@pytest.mark.parametrize('first', ['client', 'native host'])
def test_cones(lab, kind, first):
    lab.become(kind)
    before = lab.relay.counter(MISMATCH)
    address = lab.new_client()
    if first == 'client':
        checks.ping(lab.client, HOST6)
    checks.ping('host6', address)
    checks.ping(lab.client, HOST6)
    assert lab.relay.counter(MISMATCH) == before


@pytest.mark.parametrize('first', ['client', 'native host'])
def test_symmetric_fails(lab, first):
    """The bubble comes, but from another port than the server saw: T19."""
    lab.become(SYMMETRIC)
    address = lab.new_client()
    before = lab.relay.counter(MISMATCH)
    assert unanswered(lab.client, HOST6) if first == 'client' else unanswered('host6', address)
    assert lab.relay.counter(MISMATCH) > before


def test_symmetric_fails_without_the_extension_in_the_relay(lab):
    """Also for a client that has it: our bubbles carry no nonce."""
    lab.client.stop_miredo()
    lab.become(SYMMETRIC)
    before = lab.relay.counter(MISMATCH)
    with TeredoClient('client', OUR_SERVER[0]) as client:
        client.qualify()
        assert not client.contact(HOST6, 1)
    assert lab.relay.counter(MISMATCH) > before


@pytest.mark.parametrize('kind', [SYMMETRIC, PORT_RESTRICTED])
def test_extension_client_first(nonce_lab, kind):
    nonce_lab.client.stop_miredo()
    nonce_lab.become(kind)
    learned = nonce_lab.relay.counter('teredo_mappings_learned')
    with TeredoClient('client', OUR_SERVER[0]) as client:
        client.qualify()
        assert client.contact(HOST6)
        assert client.ping(HOST6) and client.ping(HOST6)
    assert nonce_lab.relay.counter('teredo_mappings_learned') == learned + (kind == SYMMETRIC)
    assert len(nonce_lab.nat.mappings()) == (2 if kind == SYMMETRIC else 1)


@pytest.mark.parametrize('kind', [SYMMETRIC, PORT_RESTRICTED])
def test_extension_native_host_first(nonce_lab, kind):
    nonce_lab.client.stop_miredo()
    nonce_lab.become(kind)
    with TeredoClient('client', OUR_SERVER[0]) as client:
        ping = Process('ping', ['ping', '-n', '-c', '3', '-i', '0.2', '-w', '10', client.qualify()], ns='host6')
        client.serve(lambda: not ping.alive())
        assert '3 received' in ping.log(), ping.log()
        assert client.ping(HOST6)


@pytest.mark.parametrize('kind', CONES)
def test_nonce_does_not_harm_a_client_without_the_extension(nonce_lab, kind):
    nonce_lab.become(kind)
    nonce_lab.new_client()
    checks.ping(nonce_lab.client, HOST6)


def test_symmetric_client_without_the_extension(nonce_lab):
    """It answers our bubble without the nonce: still a mismatch, the mapping is not taken from whoever claims it."""
    nonce_lab.become(SYMMETRIC)
    before = nonce_lab.relay.counter(MISMATCH)
    nonce_lab.new_client()
    assert unanswered(nonce_lab.client, HOST6)
    assert nonce_lab.relay.counter(MISMATCH) > before
