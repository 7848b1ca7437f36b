# SPDX-License-Identifier: BSD-3-Clause
"""Routes from FRR by the kernel's table: BGP with TCP MD5 over both families, next-hop objects as the kernel has them,
multipath, IPv4 over IPv6 next hops, withdrawal, FRR restarted.
"""

from frr_exchange import NET4, NET55, NET6, NET_8950, PEER5_4, PEER5_6, FrrExchange, ping_both
from lab.exchange import PEER4, PEER6
from lab.net import ROOT, RUN, sh, wait_for

LAB = FrrExchange


def kernel_routes(lab):
    return {r['prefix']: r for r in lab.relay.show('routes') if r['origin'] == 'kernel'}


def test_routes_are_mirrored(lab):
    routes = kernel_routes(lab)
    assert set(routes) >= {NET4, NET6, NET55, NET_8950, '10.8.0.0/16', '10.9.0.0/16', '2001:db8:66::/48'}
    assert 'nhid' in sh(f'ip -n relay route show {NET4}'), 'FRR uses next-hop objects'
    assert routes['10.8.0.0/16']['kind'] == 'blackhole' and routes['10.9.0.0/16']['kind'] == 'unreachable'
    ping_both()


def test_multipath(lab):
    lab.wait_gateways(NET4, PEER4, PEER5_4)
    lab.wait_gateways('2001:db8:66::/48', PEER6, PEER5_6)
    lab.frr.configure(f'no ipv6 route 2001:db8:66::/48 {PEER5_6}')
    lab.wait_gateways('2001:db8:66::/48', PEER6)
    lab.frr.configure(f'ipv6 route 2001:db8:66::/48 {PEER5_6}')
    lab.wait_gateways('2001:db8:66::/48', PEER6, PEER5_6)


def test_ipv4_via_ipv6(lab):
    """RFC 8950."""
    hops = lab.relay.route(NET_8950)['via']
    assert len(hops) == 1 and hops[0]['interface'] == 'ix0' and ':' in hops[0]['address']


def test_sessions_use_md5(lab):
    """With a wrong password a neighbour gets nowhere, in either family, and its route goes."""
    for ns, peer, word, prefix in (('peer4', PEER4, 'demo-password-4', NET4),
                                   ('peer6', PEER6, 'demo-password-6', NET6)):
        bird = lab.birds[ns]
        wrong = RUN / f'wrong-{ns}.conf'
        wrong.write_text((ROOT / f'tests/e2e/bird/{ns}.conf').read_text().replace(word, 'wrong'))
        bird.ctl('configure', f'"{wrong}"')
        wait_for(f'the session with {ns} to fail', lambda p=peer: not lab.frr.established(p), 60)
        wait_for(f'the route of {ns} to go', lambda p=prefix, g=peer: g not in lab.gateways(p)
                 and not any(a.startswith('fe80:') for a in lab.gateways(p)), 60)
        bird.ctl('configure', f'"{bird.config}"')
        lab.frr.wait_established(peer, limit=60)
        wait_for(f'the route of {ns} to come back', lambda p=prefix: lab.relay.route(p), 20)


def test_routes_are_deleted_exactly(lab):
    lab.wait_gateways(NET4, PEER4, PEER5_4)
    before = set(kernel_routes(lab))
    lab.birds['peer6'].ctl('disable', 'nets')
    wait_for(f'{NET6} to leave', lambda: lab.relay.route(NET6) is None)
    assert set(kernel_routes(lab)) == before - {NET6}
    lab.birds['peer6'].ctl('enable', 'nets')
    wait_for(f'{NET6} to come back', lambda: lab.relay.route(NET6))
    assert set(kernel_routes(lab)) == before


def test_frr_restarted(lab):
    """Its routes go from the kernel with it, and come back with it; the on-link ones stay."""
    lab.frr.stop()
    wait_for('all but the on-link routes to leave',
             lambda: set(kernel_routes(lab)) == {'198.51.100.0/24', '2001:db8:100::/64'})
    lab.frr.start()
    lab.wait_routes()
    ping_both()
