# SPDX-License-Identifier: BSD-3-Clause
"""The exchange point of config/demo.yaml and config/bird/relay.conf.

    lan     the exchange LAN: a bridge, with the wire side of the relay's port on it
    relay   where tsunagid puts its twin ix0 and BIRD runs: 198.51.100.1, 2001:db8:100::1
    peer4   BGP neighbour 198.51.100.4, AS 64504; routes 203.0.113.0/24, where the 6to4 host lives (a user-mode-linux)
    peer6   BGP neighbour 2001:db8:100::6, AS 64506; routes 2001:db8:6::/48, where host6 lives
    host6   native IPv6 host 2001:db8:6::2
    probe   on the LAN without BGP, for tests that build packets: 198.51.100.9, 2001:db8:100::9; its kernel answers ARP
            and neighbour solicitations and nothing else
"""

import contextlib

from .bird import Bird
from .net import ROOT, LabError, add_ns, add_veth, run, sh, wait_for
from .relay import Relay
from .uml import UmlHost

ANYCAST = '192.88.99.1'
ANYCAST6 = '2002:c058:6301::'
ID6 = '2001:200:0:b000:192:88:99:1'
RELAY4, RELAY6 = '198.51.100.1', '2001:db8:100::1'
PEER4, PEER6 = '198.51.100.4', '2001:db8:100::6'
HOST6, GATEWAY6 = '2001:db8:6::2', '2001:db8:6::1'
SITE4, SITE6 = '203.0.113.2', '2002:cb00:7102::1'
PROBE4, PROBE6, PROBE_6TO4 = '198.51.100.9', '2001:db8:100::9', '2002:c633:6409::1'


def add_lan(relays=('relay',)):
    for ns in ('lan', *relays):
        add_ns(ns)
    sh('''ip -n lan link add br0 type bridge mcast_snooping 0
        ip netns exec lan sh -c 'echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6'
        ip -n lan link set br0 up''')


def add_lan_host(ns, *addresses):
    add_ns(ns)
    add_veth(ns, 'e0', 'lan', f'to-{ns}')
    sh(f'ip netns exec lan sh -c "echo 1 >/proc/sys/net/ipv6/conf/to-{ns}/disable_ipv6"; '
       f'ip -n lan link set to-{ns} master br0')
    for address in addresses:
        sh(f'ip -n {ns} addr add {address} dev e0')


def add_probe():
    add_lan_host('probe', f'{PROBE4}/24', f'{PROBE6}/64')
    run(['nft', '''table inet quiet {
        chain out {
            type filter hook output priority 0; policy drop;
            icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        }
    }'''], ns='probe')


def add_neighbours():
    add_lan_host('peer4', f'{PEER4}/24')
    add_lan_host('peer6', f'{PEER6}/64')
    add_ns('host6')
    add_veth('host6', 'e0', 'peer6', 'host')
    sh(f'''ip netns exec peer4 sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
        ip netns exec peer6 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
        ip -n peer6 addr add {GATEWAY6}/64 dev host
        ip -n host6 addr add {HOST6}/64 dev e0
        ip -n host6 route add default via {GATEWAY6}''')


class Exchange:
    """All of it, built step by step by the caller (the demo says what it does), or at once by up()."""

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self.relay = self.site = None
        self.birds = {}

    def add_networks(self):
        add_lan()
        add_neighbours()
        add_probe()

    def boot_site(self):
        """Start the 6to4 host's kernel; wait_site() waits for it. Its network is peer4's."""
        self.site = UmlHost('site', 'peer4', 'site0')
        self._stack.callback(self.site.stop)
        sh('ip -n peer4 addr add 203.0.113.1/24 dev site0')

    def wait_site(self):
        self.site.boot()
        self.site.up_6to4(f'{SITE4}/24', '203.0.113.1')

    def start_relay(self, config=None):
        self.relay = Relay(config)
        self._stack.callback(lambda: self.relay.stop())
        self.relay.wait_ready()
        self.relay.attach_wire()

    def restart_relay(self, config=None):
        """A new tsunagid has a new MAC: the neighbours forget the old one, as they would in time."""
        self.relay.stop()
        self.relay = Relay(config)
        self.relay.wait_ready()
        self.relay.attach_wire()
        for ns in 'peer4', 'peer6', 'probe':
            run(['ip', '-n', ns, 'neigh', 'flush', 'dev', 'e0'])

    def start_bird(self, ns):
        config = ROOT / ('config/bird/relay.conf' if ns == 'relay' else f'tests/e2e/bird/{ns}.conf')
        self.birds[ns] = Bird(ns, config)
        self._stack.callback(self.birds[ns].stop)

    def wait_routes(self, limit=60):
        """Sessions up, the anycast prefixes in the neighbours' kernels, the neighbours' routes in the relay."""
        self.birds['relay'].wait_established('peer4', 'peer6', limit=limit)
        for prefix, ns in ('192.88.99.0/24', 'peer4'), ('2002::/16', 'peer6'):
            wait_for(f'{prefix} in the kernel of {ns}', lambda p=prefix, n=ns: self.kernel_route(n, p), limit)
        for prefix in '203.0.113.0/24', '2001:db8:6::/48':
            wait_for(f'{prefix} in tsunagid', lambda p=prefix: self.relay.route(p), limit)

    def up(self, with_site=True):
        self.add_networks()
        if with_site:
            self.boot_site()
        self.start_relay()
        for ns in 'relay', 'peer4', 'peer6':
            self.start_bird(ns)
        self.wait_routes()
        if with_site:
            self.wait_site()
        return self

    @staticmethod
    def kernel_route(ns, prefix):
        family = '-6' if ':' in prefix else '-4'
        return run(['ip', '-n', ns, family, 'route', 'show', 'exact', prefix]).stdout.strip()

    def explain(self):
        text = self.relay.explain() if self.relay else ''
        for ns, bird in self.birds.items():
            with contextlib.suppress(LabError):
                text += f'--- BIRD in {ns}\n{bird.process.log()}{bird.ctl("show", "protocols")}'
        return text

    def close(self):
        self._stack.close()
