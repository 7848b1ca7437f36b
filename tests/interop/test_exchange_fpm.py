# SPDX-License-Identifier: BSD-3-Clause
"""Two relays, the first of which has FRR and its routes by FPM (config/frr), the second BIRD: the first fails."""

import pytest

from lab.two_relays import ANYCAST4_NET, HOST_NET, IPV6_NETS, SITE_NET, TwoRelays, relay_config
from outage import BFD_LIMIT, drain, kill, only_second_has, outage


class FpmAndBird(TwoRelays):
    """FRR knows no other table than the main one."""

    def __init__(self):
        config = relay_config(1, fpm={'stale-s': 10})
        config['announce']['table'] = 254
        super().__init__(((1, config, 'frr-fpm'), (2, None, 'bird')))


LAB = FpmAndBird


def test_routes(lab):
    """From zebra, and none of the same from the kernel's table, where FRR has put them as well."""
    routes = {r['prefix']: r for r in lab.members[0].relay.show('routes')}
    for prefix, via in (SITE_NET, '198.51.100.4'), (HOST_NET, '2001:db8:100::6'):
        assert routes[prefix]['origin'] == 'fpm' and [h['address'] for h in routes[prefix]['via']] == [via]


def test_killed(lab, failing):
    kill(lab, failing)


def test_drain(lab, failing):
    drain(lab, failing)


@pytest.mark.parametrize('sudden', [False, True], ids=['stopped', 'killed'])
def test_frr_restarted(lab, failing, sudden):
    """Killed, it leaves routes behind that are good: what is still under way to this relay is delivered by them."""
    with outage(lab, BFD_LIMIT):
        failing.routing.kill() if sudden else failing.routing.stop()
        only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS), 2)
    assert bool(failing.relay.route(SITE_NET)) == sudden
    failing.routing.start()
