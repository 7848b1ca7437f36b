# SPDX-License-Identifier: BSD-3-Clause
"""One of two relays fails, and comes back: what may be lost meanwhile, and what a loss was, by the counters of all."""

import contextlib
import signal
import time

from lab.net import has_device, run, wait_for
from lab.two_relays import ANYCAST4_NET, IPV6_NETS

# From the failure until the other relay has all the traffic: 3 x 100 ms for BFD, and time for a busy machine.
BFD_LIMIT = 1.0


def moved(lab, before):
    """Who says to have dropped something since then, and how many."""
    return {name: n - before.get(name, 0) for name, n in lab.losses().items() if n != before.get(name, 0)}


@contextlib.contextmanager
def outage(lab, limit):
    """What happens inside may cost packets for `limit` seconds from its beginning (0: none at all); none goes wrong.

    Yields a list, which has both directions' fates afterwards.
    """
    mark, before, fates = lab.stream.wait_clean(0.3), lab.losses(), []
    at = time.monotonic()
    yield fates
    fates += lab.stream.settled(mark)
    lasts = [f.last - at for f in fates if f.lost]
    print(f'lost {[f.lost for f in fates]} of {[f.sent for f in fates]}, the last after {max(lasts, default=0):.3f} s')
    assert all(f.wrong == 0 for f in fates), fates
    assert max(lasts, default=0) <= limit if limit else not lasts, (at, fates, moved(lab, before))


def only_second_has(lab, prefixes, limit=1):
    """The router has no way left to the first relay."""
    for prefix in prefixes:
        lab.wait_hops(prefix, [2], limit)


def kill(lab, failing):
    """SIGKILL: no code of ours runs any more, and no route is left behind."""
    with outage(lab, BFD_LIMIT):
        failing.relay.process.signal(signal.SIGKILL)
    only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS))
    assert not has_device(failing.ns, 'tsunagi0') and not failing.held()
    for family in '-4', '-6':
        assert 'via' not in run(['ip', '-n', failing.ns, family, 'route', 'show', 'table', 'all']).stdout


def drain(lab, failing):
    """Not a packet: the neighbours are asked to leave, then the prefixes go, then there is nothing left to lose."""
    with outage(lab, 0):
        code, output = failing.ctl('drain')
        assert code == 0, output
        only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS), 5)
        assert failing.held() == {ANYCAST4_NET, *IPV6_NETS}, 'it was the community that made the router leave'
        wait_for('the prefixes to be withdrawn', lambda: not failing.held(), 20)
        before = failing.relay.counter('6to4_decap_packets')
        lab.stream.wait_clean(0.5)
        assert failing.relay.counter('6to4_decap_packets') == before
        code, output = failing.ctl('resume')
        assert code == 0, output
        lab.wait_shared()
