# SPDX-License-Identifier: BSD-3-Clause
"""Routes from FRR by FPM: BGP with TCP MD5 over both families, multipath, next-hop
objects and without, IPv4 over IPv6 next hops, FRR killed and restarted under traffic, routes deleted exactly.
"""

from frr_exchange import NET4, NET55, NET6, NET_8950, PEER5_4, PEER5_6, FrrExchange, BothPings, ping_both
from lab.exchange import PEER4, PEER6, RELAY4
from lab.net import sh, wait_for

STALE_S = 10  # longer than BGP takes here


class FpmExchange(FrrExchange):
    fpm = {'stale-s': STALE_S}


LAB = FpmExchange


def fpm(lab):
    return lab.relay.show('fpm')


def fpm_routes(lab):
    return {r['prefix']: r for r in lab.relay.show('routes') if r['origin'] == 'fpm'}


def meaning(lab):
    """What the routes say, without the order of next hops."""
    return {p: (r['kind'], sorted((h['address'], h['interface'], h.get('weight')) for h in r.get('via', ())))
            for p, r in fpm_routes(lab).items()}


def wait_new_connection(lab, before):
    wait_for('FRR to connect anew', lambda: fpm(lab)['connections'] > before and fpm(lab)['connected'], 20)


def test_routes_come_by_fpm(lab):
    routes = fpm_routes(lab)
    assert set(routes) >= {NET4, NET6, NET55, NET_8950, '10.8.0.0/16', '10.9.0.0/16', '2001:db8:66::/48'}
    assert [g.startswith('fe80:') for g in lab.gateways(NET6)] == [True], 'FRR prefers a link-local next hop'
    assert routes['10.8.0.0/16']['kind'] == 'blackhole' and routes['10.9.0.0/16']['kind'] == 'unreachable'
    figures = fpm(lab)
    assert figures['connected'] and figures['parse_errors'] == 0 and figures['routes'] == len(routes)
    # The kernel has them, too, as FRR 8.4 always installs them; nothing of that is taken.
    assert NET4 in sh('ip -n relay route')
    kernel = {r['prefix'] for r in lab.relay.show('routes') if r['origin'] == 'kernel'}
    assert kernel == {'198.51.100.0/24', '2001:db8:100::/64'}
    ping_both()


def test_routes_of_others_stay_out(lab):
    """What an operator puts into the kernel's table comes by FPM, as FRR chose it, or not at all."""
    sh('ip -n relay route add 198.18.9.0/24 via 198.51.100.9')
    wait_for('the operator\'s route by FPM', lambda: '198.18.9.0/24' in fpm_routes(lab))
    assert not [r for r in lab.relay.show('routes') if r['prefix'] == '198.18.9.0/24' and r['origin'] == 'kernel']
    sh('ip -n relay route del 198.18.9.0/24')
    wait_for('it to go', lambda: lab.relay.route('198.18.9.0/24') is None)


def test_multipath(lab):
    lab.wait_gateways(NET4, PEER4, PEER5_4)
    lab.wait_gateways('2001:db8:66::/48', PEER6, PEER5_6)
    lab.peer5.configure('router bgp 64505', 'address-family ipv4 unicast', f'no neighbor {RELAY4} activate')
    lab.wait_gateways(NET4, PEER4)
    ping_both()
    lab.peer5.configure('router bgp 64505', 'address-family ipv4 unicast', f'neighbor {RELAY4} activate',
                        f'neighbor {RELAY4} route-map shared out')
    lab.wait_gateways(NET4, PEER4, PEER5_4)


def test_ipv4_via_ipv6(lab):
    """RFC 8950."""
    hops = lab.relay.route(NET_8950)['via']
    assert len(hops) == 1 and hops[0]['interface'] == 'ix0' and ':' in hops[0]['address']


def test_next_hop_objects_on_and_off(lab):
    """FRR connects anew and tells all of it again, in other words: nothing changes."""
    before, objects = meaning(lab), fpm(lab)['next_hop_objects']
    assert objects > 0
    rest = {p: r for p, r in before.items() if p != NET_8950}
    for words, expected in (('no fpm use-next-hop-groups', lambda n: n == 0), ('fpm use-next-hop-groups', bool)):
        connections, messages = fpm(lab)['connections'], fpm(lab)['messages']
        lab.frr.configure(words)
        wait_new_connection(lab, connections)
        wait_for('all of it to come', lambda: fpm(lab)['messages'] >= messages + len(before), 10)
        assert expected(fpm(lab)['next_hop_objects']), words
        # Without objects FRR 8.4 writes an IPv6 next hop of IPv4 as 169.254.0.1.
        assert {p: r for p, r in meaning(lab).items() if p != NET_8950} == rest
        ping_both()
    wait_for('the sweep', lambda: fpm(lab)['stale_for_s'] is None, STALE_S + 5)
    assert meaning(lab) == before


def test_routes_are_deleted_exactly(lab):
    before = set(fpm_routes(lab))
    lab.birds['peer6'].ctl('disable', 'nets')
    wait_for(f'{NET6} to leave', lambda: lab.relay.route(NET6) is None)
    assert set(fpm_routes(lab)) == before - {NET6}
    lab.birds['peer6'].ctl('enable', 'nets')
    wait_for(f'{NET6} to come back', lambda: lab.relay.route(NET6))
    assert set(fpm_routes(lab)) == before
    lab.frr.configure('no ip route 10.8.0.0/16 blackhole')
    wait_for('a static route to leave', lambda: lab.relay.route('10.8.0.0/16') is None)
    lab.frr.configure('ip route 10.8.0.0/16 blackhole')
    wait_for('and to come back', lambda: lab.relay.route('10.8.0.0/16'))


def test_frr_killed_and_restarted(lab):
    """Forwarding goes on; what has gone meanwhile goes when it has not been told again, and nothing else."""
    before = set(fpm_routes(lab))
    pings = BothPings()
    connections = fpm(lab)['connections']
    lab.frr.kill()
    wait_for('the connection to end', lambda: not fpm(lab)['connected'])
    assert set(fpm_routes(lab)) == before
    lab.peer5.configure(f'no ipv6 route {NET55} blackhole')
    try:
        lab.frr.start()
        wait_new_connection(lab, connections)
        for prefix in NET4, NET6, NET_8950:
            wait_for(f'{prefix} in FRR', lambda p=prefix: lab.frr.has_route(p), 30)
        assert lab.relay.route(NET55), 'stale, and not swept before its time'
        wait_for('the stale route to go', lambda: lab.relay.route(NET55) is None, STALE_S + 5)
        lab.wait_gateways(NET4, PEER4, PEER5_4)
        assert pings.lost() == [0, 0]
        assert set(fpm_routes(lab)) == before - {NET55}
    finally:
        lab.peer5.configure(f'ipv6 route {NET55} blackhole')
    wait_for('it to come back', lambda: lab.relay.route(NET55), 20)


def test_relay_restarted(lab):
    """FRR connects to the new daemon by itself."""
    before = meaning(lab)
    lab.restart_relay(lab.config())
    lab.wait_routes()
    wait_for('all routes', lambda: meaning(lab) == before)
    ping_both()


def test_frr_gone_for_good(lab):
    lab.frr.kill()
    wait_for('its routes to go', lambda: not fpm_routes(lab), STALE_S + 10)
    assert fpm(lab)['routes'] == 0
    lab.frr.start()
    lab.wait_routes()
    ping_both()
