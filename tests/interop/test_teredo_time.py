# SPDX-License-Identifier: BSD-3-Clause
"""Our Teredo relay and what time does to its knowledge of a Miredo client: silence, a NAT that has forgotten the
mapping, a relay that has forgotten everything.
"""

import signal

import pytest

from lab import checks
from lab.exchange import HOST6
from lab.nat import PORT_RESTRICTED
from lab.net import wait_for
from teredo import TeredoExchange, first_answer, moved

LAB = TeredoExchange
VALID, FORGET = 2, 6  # seconds, for 30 and 300
NO_PEER = 'drop_teredo_decap_no_peer'


def test_relay_killed(lab):
    """After SIGKILL and a start the black hole of T20 lasts for the first packet, not for 30 s."""
    lab.new_client()
    checks.ping(lab.client, HOST6)
    lab.relay.process.signal(signal.SIGKILL)
    lab.relay.process.wait()
    lab.restart()
    assert lab.relay.counter('teredo_recovery_bubbles') == 0
    assert first_answer(lab.client, HOST6) == 2
    assert lab.relay.counter('teredo_recovery_bubbles') == 1
    checks.ping('host6', lab.client.address())


def test_mapping_changes(lab):
    """The NAT forgets; what the client sends by its new mapping is no longer its own (T19), until it solicits again, as
    it does every 30 s, and gets the address that belongs to it."""
    lab.become(PORT_RESTRICTED)
    old = lab.new_client()
    checks.ping(lab.client, HOST6)
    lab.nat.forget()
    counted = moved(lab, 'drop_teredo_decap_src_mismatch', 'teredo_peers_confirmed')
    assert checks.command(lab.client, f'ping -n -c 2 -i 0.2 -W 1 {HOST6}', check=False).count(' 0 received') == 1
    assert counted() == [2, 0]
    new = lab.client.wait_qualified(other_than=old, limit=40)
    checks.ping(lab.client, HOST6)
    checks.ping('host6', new)
    assert counted()[1] == 1


@pytest.fixture(scope='module')
def brief_lab(lab):
    """A relay whose timers are short, and a client that it trusts."""
    lab.restart(lab.config(**{'valid-time': VALID, 'forget-time': FORGET}))
    lab.become(PORT_RESTRICTED)
    lab.new_client()
    return lab


def silence(lab, forgotten):
    """Contact, then wait until the relay trusts nobody, or knows nobody: what is to be swept counts for nothing."""
    checks.ping(lab.client, HOST6)

    def silent():
        peers = lab.relay.show('teredo', 'summary')['relay']['peers']
        return not any(peers[state] for state in ('trusted', 'renewing', 'unconfirmed')) and bool(
            peers['stale']) != forgotten
    wait_for('the relay to forget the peer' if forgotten else 'the peer to be stale', silent, FORGET + 10)


def test_stale_native_host_first(brief_lab):
    """T1: STALE, the next native packet asks again."""
    silence(brief_lab, forgotten=False)
    counted = moved(brief_lab, 'teredo_indirect_bubbles', 'teredo_peers_confirmed')
    checks.ping('host6', brief_lab.client.address())
    assert counted() == [1, 1]


def test_stale_client_first(brief_lab):
    """T21: a matching packet of a stale peer is as good as of a trusted one."""
    silence(brief_lab, forgotten=False)
    counted = moved(brief_lab, 'teredo_indirect_bubbles', NO_PEER)
    checks.ping(brief_lab.client, HOST6)
    assert counted() == [0, 0]


def test_forgotten_native_host_first(brief_lab):
    silence(brief_lab, forgotten=True)
    counted = moved(brief_lab, 'teredo_indirect_bubbles', 'teredo_peers_confirmed')
    checks.ping('host6', brief_lab.client.address())
    assert counted() == [1, 1]


def test_forgotten_client_first(brief_lab):
    """The client still trusts the relay, which it heard within 30 s, and sends at once: T20, and the way out of it."""
    silence(brief_lab, forgotten=True)
    counted = moved(brief_lab, NO_PEER, 'teredo_recovery_bubbles')
    assert first_answer(brief_lab.client, HOST6) == 2
    assert counted() == [1, 1]
