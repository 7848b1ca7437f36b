# SPDX-License-Identifier: BSD-3-Clause
"""Routes: BGP with MD5 through the relay's port, mirrored by tsunagid, withdrawn, announced again, BIRD restarted."""

from lab import checks
from lab.exchange import ANYCAST, HOST6, PEER4, PEER6, SITE4
from lab.net import ROOT, RUN, sh, wait_for

WITH_SITE = False
NETS = '203.0.113.0/24', '2001:db8:6::/48'


def mirrored(lab, prefix):
    return lambda: lab.relay.route(prefix)


def gone(lab, prefix):
    return lambda: lab.relay.route(prefix) is None


def test_sessions_use_md5(lab):
    """A neighbour with the wrong password gets nowhere; with the right one it comes back."""
    bird = lab.birds['peer4']
    wrong = RUN / 'wrong.conf'
    wrong.write_text((ROOT / 'tests/e2e/bird/peer4.conf').read_text().replace('demo-password-4', 'wrong'))
    bird.ctl('configure', f'"{wrong}"')
    wait_for('the session with the wrong password to fail', lambda: not bird.established('relay'), 60)
    wait_for('its route to go', gone(lab, NETS[0]), 60)
    bird.ctl('configure', f'"{bird.config}"')
    lab.birds['relay'].wait_established('peer4', limit=60)
    wait_for('its route to come back', mirrored(lab, NETS[0]), 20)


def test_routes_are_mirrored(lab):
    routes = {r['prefix']: r for r in lab.relay.show('routes')}
    for prefix, peer in zip(NETS, (PEER4, PEER6)):
        assert routes[prefix]['kind'] == 'via' and routes[prefix]['origin'] == 'kernel'
        assert [(hop['address'], hop['interface']) for hop in routes[prefix]['via']] == [(peer, 'ix0')]


def test_refused_routes_do_not_arrive(lab):
    """O8: lengths, martians, the peering LAN, special prefixes of other lengths."""
    bird = lab.birds['relay']
    assert 'Routes:         1 imported' in bird.ctl('show', 'protocols', 'all', 'peer4')
    assert 'Routes:         1 imported' in bird.ctl('show', 'protocols', 'all', 'peer6')
    prefixes = {r['prefix'] for r in lab.relay.show('routes')}
    assert not prefixes & {'10.1.0.0/16', '192.88.99.0/25', '198.51.100.128/25', '203.0.113.64/26',
                           '2002:cb00:7100::/40', '2001:db8:100:0:8000::/65', 'fd00:6::/48', '2001:db8:6:1::/64'}


def test_announced_with_no_export(lab):
    """O7: exactly the special prefixes, and they stay with the neighbour."""
    lab.wait_routes()  # health withdrew what needs the routes that former tests took away
    for ns, prefix in ('peer4', '192.88.99.0/24'), ('peer6', '2002::/16'):
        assert '(65535,65281)' in lab.birds[ns].ctl('show', 'route', prefix, 'all')
    assert lab.kernel_route('relay', '192.88.99.0/24') == '', 'the announcement stays out of the relay\'s main table'


def test_withdraw_and_announce_again(lab):
    for ns, prefix in zip(('peer4', 'peer6'), NETS):
        lab.birds[ns].ctl('disable', 'nets')
        wait_for(f'{prefix} to leave tsunagid', gone(lab, prefix))
        lab.birds[ns].ctl('enable', 'nets')
        wait_for(f'{prefix} to come back', mirrored(lab, prefix))
    lab.wait_routes()
    checks.ping('host6', '2002:c058:6301::')


def test_bird_restart(lab):
    """The neighbours' routes go with the sessions and come back; the relay's own service to the LAN never stops."""
    lab.birds['relay'].stop()
    for prefix in NETS:
        wait_for(f'{prefix} to leave tsunagid', gone(lab, prefix))
    checks.ping('peer6', '2001:db8:100::1', count=1)
    lab.birds['relay'].start()
    lab.wait_routes()
    checks.ping('peer4', ANYCAST)


def test_interface_addresses_are_mirrored(lab):
    """A further address in the relay's namespace becomes local, and is forgotten when it goes."""
    sh('ip -n relay addr add 198.51.100.77/24 dev ix0')
    wait_for('the address in tsunagid', lambda: lab.relay.route('198.51.100.77/32'), 2)
    checks.ping('peer4', '198.51.100.77', count=1)
    sh('ip -n relay addr del 198.51.100.77/24 dev ix0')
    wait_for('the address to leave tsunagid', lambda: lab.relay.route('198.51.100.77/32') is None)


def test_routes_lost_silently(lab):
    """The kernel drops IPv4 routes of a link that goes down without a notification per route."""
    sh('ip -n relay link set ix0 down')
    wait_for('the route to leave tsunagid', gone(lab, NETS[0]))
    sh('ip -n relay link set ix0 up')
    sh('ip -n relay addr replace 2001:db8:100::1/64 dev ix0 nodad')  # the kernel removed it with the link
    lab.wait_routes(90)
    checks.ping('host6', '2002:c058:6301::')


def test_neighbours_are_resolved(lab):
    neighbours = {n['address']: n for n in lab.relay.show('neighbours')}
    assert neighbours[PEER4]['interface'] == neighbours[PEER6]['interface'] == 'ix0'
    assert HOST6 not in neighbours and SITE4 not in neighbours
