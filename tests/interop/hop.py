# SPDX-License-Identifier: BSD-3-Clause
"""The exchange point with one more IPv4 router between peer4 and the tunnel's user, on a link whose MTU a test sets.

peer4 --- to-hop, 192.0.2.0/30 --- hop --- the user's kernel

Both are Linux: towards the user peer4 fragments, or tells the relay that it would have to; from the user hop does.
"""

from lab.exchange import ID6, PEER4, PEER6, PROBE4, RELAY4, RELAY6, Exchange
from lab.net import add_ns, add_veth, run, sh, wait_for
from lab.relay import demo_config
from lab.uml import UmlHost

HOP_MTU = 1300


class HopExchange(Exchange):
    """With the 6to4 host of the other labs as the user, on routes from BGP."""

    mtu = HOP_MTU
    behind = '203.0.113.0/24'

    def add_networks(self):
        super().add_networks()
        add_ns('hop')
        add_veth('peer4', 'to-hop', 'hop', 'e0')
        # Without its limit each ICMPv4 error comes at once, so that no test waits for a token.
        sh(f'''for ns in peer4 hop; do
                ip netns exec $ns sh -c 'cd /proc/sys/net/ipv4; echo 1 >ip_forward; echo 0 >icmp_ratelimit'
            done
            ip -n peer4 addr add 192.0.2.1/30 dev to-hop
            ip -n peer4 route add {self.behind} via 192.0.2.2
            ip -n hop addr add 192.0.2.2/30 dev e0
            ip -n hop route add default via 192.0.2.1''')
        self.set_mtu(self.mtu)

    @staticmethod
    def set_mtu(mtu):
        sh(f'ip -n peer4 link set to-hop mtu {mtu}; ip -n hop link set e0 mtu {mtu}')

    def forget_path_mtu(self):
        """What the native host and the user learned before."""
        run(['ip', '-n', 'host6', '-6', 'route', 'flush', 'cache'])
        self.site.sh('ip route flush cache; ip -6 route flush cache')

    def boot_site(self):
        self.site = UmlHost('site', 'hop', 'site0')
        self._stack.callback(self.site.stop)
        sh('ip -n hop addr add 203.0.113.1/24 dev site0')

    def with_6to4(self, **keys):
        """The relay again, with other keys of its 6to4 section."""
        config = demo_config()
        config['6to4'].update(keys)
        self.restart_relay(config)
        for bird in self.birds.values():
            bird.ctl('restart', 'all')  # rather than wait until their sessions with the last relay time out
        self.wait_routes()


class ManagedExchange(HopExchange):
    """An operator's own network, 10.0.0.0/8, is behind peer4; no BGP, the routes are the operator's.

    A subclass says what the user is: boot_site() and wait_site(); what the relay serves: `section`, a key of its
    configuration with a list of one entry, `entry`; the address that serves it, `service`; and its IPv6 `prefix`.
    10.9.0.0/16 is behind the probe, so that a test can be a user too.
    """

    behind = '10.0.0.0/8'
    section = entry = service = prefix = None

    def config(self, **keys):
        config = demo_config()
        del config['announce']
        config[self.section] = [{**self.entry, **keys}]
        return config

    def add_routes(self):
        """Those in the relay's namespace go with its twin."""
        sh(f'''ip -n relay route add 10.0.0.0/8 via {PEER4}
            ip -n relay route add 10.9.0.0/16 via {PROBE4}
            ip -n relay -6 route add 2001:db8:6::/48 via {PEER6}''')
        for prefix in '10.0.0.0/8', '10.9.0.0/16', '2001:db8:6::/48':
            wait_for(f'{prefix} in tsunagid', lambda p=prefix: self.relay.route(p))

    def up(self, with_site=True):
        self.add_networks()
        self.boot_site()
        sh(f'''ip -n peer4 route add {self.service} via {RELAY4}
            ip -n peer6 -6 route add {self.prefix} via {RELAY6}
            ip -n peer6 -6 route add {ID6} via {RELAY6}''')
        self.start_relay(self.config())
        self.add_routes()
        self.wait_site()
        return self

    def with_keys(self, **keys):
        """The relay again, with other keys in the entry."""
        self.restart_relay(self.config(**keys))
        self.add_routes()
        self.forget_path_mtu()
