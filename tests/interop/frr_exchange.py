# SPDX-License-Identifier: BSD-3-Clause
"""The exchange with FRR beside tsunagid, in the place of BIRD. Its neighbours are the BIRDs of the end-to-end tests and
one more FRR:

    peer5   BGP neighbour 198.51.100.5, 2001:db8:100::5, AS 64505. Announces what peer4 announces, too, over IPv4, and
            forwards it there; 2001:db8:55::/48 and, as RFC 8950 allows, 198.18.5.0/24 over IPv6
"""

from lab import checks
from lab.exchange import ANYCAST, ANYCAST6, PEER4, PEER6, RELAY4, RELAY6, SITE4, Exchange, add_lan_host
from lab.frr import Frr
from lab.net import sh, wait_for
from lab.pings import Pings
from lab.relay import demo_config

PEER5_4, PEER5_6 = '198.51.100.5', '2001:db8:100::5'
NET4, NET6 = '203.0.113.0/24', '2001:db8:6::/48'  # of peer4 and of peer6
NET55, NET_8950 = '2001:db8:55::/48', '198.18.5.0/24'

# As config/frr has it, less the policy, which has tests of its own.
RELAY_FRR = f'''frr version 8.4
frr defaults datacenter
ip route 10.8.0.0/16 blackhole
ip route 10.9.0.0/16 reject
ipv6 route 2001:db8:66::/48 {PEER6}
ipv6 route 2001:db8:66::/48 {PEER5_6}
router bgp 64500
 bgp router-id {RELAY4}
 no bgp ebgp-requires-policy
 bgp bestpath as-path multipath-relax
 neighbor {PEER4} remote-as 64504
 neighbor {PEER4} password demo-password-4
 neighbor {PEER4} ttl-security hops 1
 neighbor {PEER4} timers connect 2
 neighbor {PEER6} remote-as 64506
 neighbor {PEER6} password demo-password-6
 neighbor {PEER6} ttl-security hops 1
 neighbor {PEER6} timers connect 2
 neighbor {PEER5_4} remote-as 64505
 neighbor {PEER5_4} password demo-password-54
 neighbor {PEER5_4} timers connect 2
 neighbor {PEER5_6} remote-as 64505
 neighbor {PEER5_6} password demo-password-56
 neighbor {PEER5_6} timers connect 2
 neighbor {PEER5_6} capability extended-nexthop
 address-family ipv4 unicast
  maximum-paths 4
  no neighbor {PEER6} activate
  neighbor {PEER5_6} activate
  neighbor {PEER5_6} route-map deny-all out
  neighbor {PEER4} route-map deny-all out
  neighbor {PEER5_4} route-map deny-all out
 exit-address-family
 address-family ipv6 unicast
  neighbor {PEER6} activate
  neighbor {PEER5_6} activate
  neighbor {PEER5_6} route-map deny-all out
  neighbor {PEER6} route-map deny-all out
 exit-address-family
route-map deny-all deny 10
'''

PEER5_FRR = f'''frr version 8.4
frr defaults datacenter
ip route {NET4} {PEER4}
ip route {NET_8950} blackhole
ipv6 route {NET55} blackhole
ip prefix-list shared permit {NET4}
ip prefix-list over-ipv6 permit {NET_8950}
route-map shared permit 10
 match ip address prefix-list shared
 set origin igp
 set ip next-hop {PEER5_4}
route-map over-ipv6 permit 10
 match ip address prefix-list over-ipv6
router bgp 64505
 bgp router-id {PEER5_4}
 no bgp ebgp-requires-policy
 neighbor {RELAY4} remote-as 64500
 neighbor {RELAY4} password demo-password-54
 neighbor {RELAY4} timers connect 2
 neighbor {RELAY6} remote-as 64500
 neighbor {RELAY6} password demo-password-56
 neighbor {RELAY6} timers connect 2
 neighbor {RELAY6} capability extended-nexthop
 address-family ipv4 unicast
  redistribute static
  neighbor {RELAY4} route-map shared out
  neighbor {RELAY6} activate
  neighbor {RELAY6} route-map over-ipv6 out
 exit-address-family
 address-family ipv6 unicast
  redistribute static
  neighbor {RELAY6} activate
 exit-address-family
'''


class FrrExchange(Exchange):
    """`fpm`: what is in that section of the relay's configuration; without it the kernel's routes are mirrored."""

    fpm = None

    def __init__(self):
        super().__init__()
        self.frr, self.peer5 = None, None

    def config(self):
        config = demo_config()
        if self.fpm is not None:
            config['fpm'] = self.fpm
        return config

    def up(self, with_site=False):
        self.add_networks()
        add_lan_host('peer5', f'{PEER5_4}/24', f'{PEER5_6}/64')
        # The site's address and the way back: what the relay announces is not what is tested here.
        sh(f'''ip netns exec peer5 sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
            ip -n peer4 addr add {SITE4}/32 dev lo
            ip -n peer4 route add 192.88.99.0/24 via {RELAY4}
            ip -n peer6 -6 route add 2002::/16 via {RELAY6}''')
        self.start_relay(self.config())
        for ns in 'peer4', 'peer6':
            self.start_bird(ns)
        self.peer5 = Frr('peer5', PEER5_FRR, ('staticd', 'bgpd'))
        self._stack.callback(self.peer5.stop)
        by_fpm = self.fpm is not None
        self.frr = Frr('relay', RELAY_FRR + ('fpm address 127.0.0.1\n' if by_fpm else ''), ('staticd', 'bgpd'), by_fpm)
        self._stack.callback(self.frr.stop)
        self.wait_routes()
        return self

    def wait_routes(self, limit=60):
        self.frr.wait_established(PEER4, PEER6, PEER5_4, PEER5_6, limit=limit)
        for prefix in NET4, NET6, NET55, NET_8950:
            wait_for(f'{prefix} in tsunagid', lambda p=prefix: self.relay.route(p), limit)

    def gateways(self, prefix):
        """The addresses of the route's next hops, sorted; [] without a route."""
        route = self.relay.route(prefix)
        return sorted(hop['address'] for hop in route.get('via', ())) if route else []

    def wait_gateways(self, prefix, *gateways, limit=20):
        wait_for(f'{prefix} via {" ".join(gateways) or "nothing"}', lambda: self.gateways(prefix) == sorted(gateways),
                 limit)

    def explain(self):
        text = super().explain()
        for frr in self.frr, self.peer5:
            if frr:
                text += frr.explain()
        return text


class BothPings:
    """Both families go through the relay's own answers, which find their way back by routes from BGP."""

    def __init__(self):
        self.pings = [Pings('peer4', ANYCAST, options=['-I', SITE4]), Pings('host6', ANYCAST6)]

    def lost(self):
        return [p.lost() for p in self.pings]


def ping_both():
    checks.ping('host6', ANYCAST6)
    checks.ping('peer4', ANYCAST, options=f'-I {SITE4}')

