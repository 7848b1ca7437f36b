# SPDX-License-Identifier: BSD-3-Clause
"""O21: a neighbour asks by community 65535:666 (RFC 7999) that nothing be sent to an address of its own; BIRD makes it a
blackhole route in the kernel, which holds for what goes into a tunnel and for what comes out of one, without an error.
"""

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

from lab.exchange import PROBE6
from lab.net import ROOT, RUN, wait_for
from lab.probe import from_site, tunnelled

WITH_SITE = False
OUTER, INNER = '203.0.113.66', '2001:db8:6::666'
# (who announces it, the route, a packet to it, the counter)
CASES = [
    ('peer4', f'{OUTER}/32', IPv6(src=PROBE6, dst='2002:cb00:7142::1') / ICMPv6EchoRequest(id=1),
     'drop_6to4_encap_blackhole'),
    ('peer6', f'{INNER}/128', tunnelled(from_site(INNER) / ICMPv6EchoRequest(id=2)), 'drop_6to4_decap_blackhole'),
]


def configure(lab, peer, route=None):
    """The peer's BIRD with a route under attack, or without it again."""
    config = (ROOT / f'tests/e2e/bird/{peer}.conf').read_text()
    if route:
        config = config.replace('protocol static nets {', f'''protocol static attacked {{
            ipv{peer[-1]};
            route {route} blackhole {{ bgp_community.add((65535, 666)); }};
        }}
        protocol static nets {{''').replace('export where proto = "nets"', 'export where proto = "attacked" || proto = "nets"')
    path = RUN / f'{peer}.conf'
    path.write_text(config)
    lab.birds[peer].ctl('configure', f'"{path}"')


def kind(lab, prefix):
    route = lab.relay.route(prefix)
    return route and route['kind']


@pytest.mark.parametrize('peer, route, packet, counter', CASES, ids=['outer', 'inner'])
def test_blackhole_community(lab, probe, peer, route, packet, counter):
    configure(lab, peer, route)
    wait_for(f'the blackhole {route} in tsunagid', lambda: kind(lab, route) == 'blackhole', 20)
    before = lab.relay.drops().get(counter, 0)
    seen = probe.after_barrier(packet)
    assert [f.summary() for f in seen if IP in f or IPv6 in f] == []
    assert lab.relay.drops()[counter] == before + 1
    configure(lab, peer)
    wait_for('it to be lifted', lambda: lab.relay.route(route) is None, 20)
