# SPDX-License-Identifier: BSD-3-Clause
"""One relay alone: nobody takes over, so what a restart costs is counted here.
docs/operating.md has the figures.
"""

import signal
import time

from lab.net import wait_for
from lab.two_relays import ANYCAST4_NET, IPV6_NETS, TwoRelays


class Alone(TwoRelays):
    def __init__(self):
        super().__init__(((1, None, 'bird'),))


LAB = Alone


def lost_in(lab, limit, action):
    """Both ways; `limit` seconds from the beginning of the action to the last lost packet."""
    mark = lab.stream.wait_clean(0.3)
    at = time.monotonic()
    action()
    fates = lab.stream.settled(mark, 1, 60)
    lasts = [f.last - at for f in fates if f.lost]
    print(f'lost {[f.lost for f in fates]} of {[f.sent for f in fates]}, the last after {max(lasts, default=0):.3f} s')
    assert all(f.wrong == 0 for f in fates) and max(lasts, default=0) <= limit, (at, fates)


def test_tsunagid_restarted(lab):
    member = lab.members[0]

    def restart():
        member.relay.stop()
        member.start_relay()
        lab.wait_shared()
    lost_in(lab, 30, restart)


def test_tsunagid_killed(lab):
    member = lab.members[0]

    def restart():
        member.relay.process.signal(signal.SIGKILL)
        member.relay.process.wait()
        member.start_relay()
        lab.wait_shared()
    lost_in(lab, 30, restart)


def test_bird_restarted(lab):
    """Its routes go with it. `graceful restart` and `persist` would keep them: operating.md says why not."""
    member = lab.members[0]

    def restart():
        member.routing.stop()
        member.start_routing()
        lab.wait_shared()
    lost_in(lab, 30, restart)
    wait_for('everything to be announced', lambda: member.held() == {ANYCAST4_NET, *IPV6_NETS})
