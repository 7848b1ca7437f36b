# SPDX-License-Identifier: BSD-3-Clause
"""Two relays that announce the same anycast prefixes to one router, which shares the traffic between them.

    lan      the exchange LAN, as in exchange.py
    relay1   tsunagid and BIRD (or FRR): 198.51.100.1, 2001:db8:100::1, AS 64500
    relay2   the same with 198.51.100.2, 2001:db8:100::2
    router   FRR, AS 64504: 198.51.100.4, 2001:db8:100::6; equal-cost paths to both, by a hash of the flow
    site     behind the router: 203.0.113.2 and on, each a 6to4 site; lab/stream.py sends from there
    host6    behind the router: native IPv6 host 2001:db8:6::2

The relays' configurations are config/demo.yaml and config/bird/relay.conf or config/frr/frr.conf with the addresses of
each put in. A relay keeps its MAC when it is restarted, as a NIC does.
"""

import contextlib
import json
import os
import re
import subprocess

from .bird import Bird
from .exchange import add_lan, add_lan_host
from .frr import Frr
from .net import ROOT, RUN, LabError, add_ns, add_veth, has_device, run, sh, wait_for
from .relay import BUILD, Relay, demo_config
from .stream import Stream

ROUTER4, ROUTER6 = '198.51.100.4', '2001:db8:100::6'
SITES, HOST6 = '203.0.113.2', '2001:db8:6::2'
SITE_NET, HOST_NET = '203.0.113.0/24', '2001:db8:6::/48'
ANYCAST4_NET, NET_6TO4, NET_TEREDO, NET_6RD = '192.88.99.0/24', '2002::/16', '2001::/32', '2001:db8:600::/40'
IPV6_NETS = NET_6TO4, NET_TEREDO, NET_6RD
FLOWS = 32
# Otherwise zebra replaces an IPv6 route by deleting it and adding another, and between the two the router has none: up
# to 0.3 ms were seen, in which it drops what comes (Ip6InNoRoutes). Routes of IPv4 it always replaces in one step.
_REPLACE_AT_ONCE = ('--v6-rr-semantics',)

_ROUTER = '''
frr defaults traditional
log stdout
bfd
 profile fast
  transmit-interval 100
  receive-interval 100
  detect-multiplier 3
route-map NOTHING deny 10
exit
router bgp 64504
 bgp router-id 198.51.100.4
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 timers bgp 5 15
{neighbours}
 address-family ipv4 unicast
  network 203.0.113.0/24
  maximum-paths 4
{activate4}
 address-family ipv6 unicast
  network 2001:db8:6::/48
  maximum-paths 4
{activate6}
'''


def _router_config(numbers):
    neighbours, active = '', {4: '', 6: ''}
    for n in numbers:
        for family, address in (4, f'198.51.100.{n}'), (6, f'2001:db8:100::{n}'):
            neighbours += f''' neighbor {address} remote-as 64500
 neighbor {address} password demo-password-{family}
 neighbor {address} bfd profile fast
 neighbor {address} timers connect 2
 neighbor {address} advertisement-interval 0
'''
            active[family] += f'  neighbor {address} activate\n'
    return _ROUTER.format(neighbours=neighbours, activate4=active[4], activate6=active[6])


def of_relay(text, n):
    """A configuration of config/ with the addresses of relay `n`; all its neighbours are the one router."""
    for pattern, new in ((r'198\.51\.100\.1\b', f'198.51.100.{n}'), (r'2001:db8:100::1\b', f'2001:db8:100::{n}'),
                         (r'2001:200:0:b000::/64', f'2001:200:0:b00{n}::/64'), ('64506', '64504')):
        text = re.sub(pattern, new, text)
    return text


def relay_config(n, **changes):
    """config/demo.yaml for relay `n`, with all mechanisms whose prefixes the routing daemons know."""
    config = demo_config()
    cpus = sorted(os.sched_getaffinity(0))
    config.update(netns=f'relay{n}', control={'socket': f'/run/tsunagi{n}/tsunagi.sock', 'file-prefix': f'tsunagi{n}'})
    config['workers']['cpus'] = [cpus[-n % len(cpus)]]
    config['ports'][0]['device'] = f'net_tap0,iface=wire{n},mac=02:00:5e:10:00:0{n}'
    config['interfaces'][0]['addresses'] = [f'198.51.100.{n}/24', f'2001:db8:100::{n}/64']
    config['local']['icmp6-source'] = f'2001:200:0:b00{n}:192:88:99:1'
    config['6to4']['addresses'] = [f'198.51.100.{n}']
    config['teredo-relay'] = {'address': f'198.51.100.{n}', 'peers': 1024}
    config['6rd'] = [{'name': 'isp', 'prefix': NET_6RD, 'ipv4-mask-len': 8, 'ipv4-common': '10.0.0.0',
                      'br': '10.0.0.1'}]
    config['health'] = {'hold-down-s': 1, 'hold-down-max-s': 1, 'drain-s': 2}
    config.update(changes)
    return config


class Member:
    """One relay: tsunagid and its routing daemon."""

    def __init__(self, n, config=None, daemon='bird'):
        self.n, self.ns, self.daemon = n, f'relay{n}', daemon
        self.config = config or relay_config(n)
        self.address4, self.address6 = f'198.51.100.{n}', f'2001:db8:100::{n}'
        port = self.config['ports'][0]
        self.wires = re.findall(r'\biface=(\w+)', ' '.join([port['device'], *port.get('members', [])]))
        self.relay = self.routing = None

    def start_relay(self):
        self.relay = Relay(self.config, f'tsunagid{self.n}')
        self.relay.wait_ready()
        for i, wire in enumerate(self.wires):
            self.relay.attach_wire(device=wire, mac=f'02:00:00:00:{i:02x}:f{self.n}')

    def start_routing(self):
        if self.routing:
            self.routing.start()
        elif self.daemon == 'bird':
            path = RUN / f'relay{self.n}.conf'
            path.write_text(of_relay((ROOT / 'config/bird/relay.conf').read_text(), self.n))
            self.routing = Bird(self.ns, path)
        else:
            run(['nft', '-f', ROOT / 'config/frr/gtsm.nft'], ns=self.ns)
            fpm = self.daemon == 'frr-fpm'
            text = ''.join((ROOT / 'config/frr' / name).read_text() for name in ['frr.conf', *['fpm.conf'] * fpm])
            self.routing = Frr(self.ns, of_relay(text, self.n), ('bgpd', 'bfdd', 'staticd'), fpm=fpm)

    def ctl(self, *words):
        """(exit code, output) of tsunagictl."""
        done = run([BUILD / 'tsunagictl', '-s', self.relay.socket, *words], check=False)
        return done.returncode, done.stdout

    def held(self):
        """Prefixes in its announcement table."""
        table = str(self.config['announce']['table'])
        device = self.config['announce']['device']
        lines = ''.join(run(['ip', '-n', self.ns, family, 'route', 'show', 'table', table], check=False).stdout
                        for family in ('-4', '-6'))
        return {line.split()[0] for line in lines.splitlines() if f'dev {device}' in line}

    def cable(self, state, member=0):
        """`down` is what a pulled cable is to the port; `member` of a LAG."""
        sh(f'ip -n lan link set {self.wires[member]} {state}')

    def explain(self):
        text = self.relay.explain() if self.relay else ''
        if isinstance(self.routing, Bird):
            text += f'--- BIRD in {self.ns}\n{self.routing.process.log()}'
            with contextlib.suppress(LabError):
                text += self.routing.ctl('show', 'protocols')
        elif self.routing:
            text += self.routing.explain()
        return text

    def stop(self):
        if self.routing:
            self.routing.stop(2)
        if self.relay:
            self.relay.stop()


class TwoRelays:
    """`members`: (number, configuration or None, 'bird', 'frr' or 'frr-fpm') of each relay."""

    def __init__(self, members=((1, None, 'bird'), (2, None, 'bird'))):
        self._stack = contextlib.ExitStack()
        self.members = [Member(*member) for member in members]
        self.router = self.stream = None

    def up(self):
        self._add_networks()
        for member in self.members:
            self._stack.callback(member.stop)
            member.start_relay()
        run(['nft', '-f', ROOT / 'config/frr/gtsm.nft'], ns='router')
        self.router = Frr('router', _router_config([m.n for m in self.members]), ('bgpd', 'bfdd'),
                          zebra_options=_REPLACE_AT_ONCE)
        self._stack.callback(self.router.stop)
        for member in self.members:
            member.start_routing()
        self.wait_shared()
        self.stream = self._stack.enter_context(Stream('site', 'host6', SITES, HOST6, FLOWS))
        self.stream.wait_clean(1, 30)
        return self

    def _add_networks(self):
        add_lan([m.ns for m in self.members])
        add_lan_host('router', f'{ROUTER4}/24', f'{ROUTER6}/64')
        for ns, device in ('site', 'to-site'), ('host6', 'to-host'):
            add_ns(ns)
            add_veth(ns, 'e0', 'router', device)
        # A hash of ports and addresses; protocol 41 has no ports, so a site stays with one relay.
        sh('''cd /proc/sys/net
            echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding
            echo 1 >ipv4/fib_multipath_hash_policy; echo 1 >ipv6/fib_multipath_hash_policy''', ns='router')
        addresses = '\n'.join(f'ip addr add 203.0.113.{2 + i}/24 dev e0' for i in range(FLOWS))
        sh(f'ip -n router addr add 203.0.113.1/24 dev to-site; ip -n router addr add 2001:db8:6::1/64 dev to-host')
        sh(f'{addresses}\nip route add default via 203.0.113.1', ns='site')
        sh(f'ip addr add {HOST6}/64 dev e0; ip -6 route add default via 2001:db8:6::1', ns='host6')

    def next_hops(self, prefix):
        """Addresses of the relays to which the router's kernel sends this prefix."""
        family = '-6' if ':' in prefix else '-4'
        routes = json.loads(run(['ip', '-j', '-n', 'router', family, 'route', 'show', 'exact', prefix]).stdout or '[]')
        hops = [hop for route in routes for hop in (route.get('nexthops') or [route])]
        return {self._relay_of(hop.get('gateway') or hop.get('via', {}).get('host', '')) for hop in hops}

    def _relay_of(self, gateway):
        """A BGP next hop of IPv6 may be installed by its link-local address."""
        for member in self.members:
            if gateway in (member.address4, member.address6) or gateway in self._link_locals(member):
                return member.n
        return gateway

    @staticmethod
    def _link_locals(member):
        if not has_device(member.ns, 'ix0'):
            return ()
        return re.findall(r'inet6 (fe80::\S+)/', run(['ip', '-n', member.ns, 'addr', 'show', 'dev', 'ix0']).stdout)

    def wait_hops(self, prefix, numbers, limit=10):
        wait_for(f'{prefix} by {numbers} in the kernel of router', lambda: self.next_hops(prefix) == set(numbers), limit)

    def wait_shared(self, limit=60):
        """All relays have the routes, and all of them the router's traffic."""
        for member in self.members:
            for prefix in SITE_NET, HOST_NET:
                wait_for(f'{prefix} in {member.ns}', lambda p=prefix, m=member: m.relay.route(p), limit)
        for prefix in ANYCAST4_NET, NET_6TO4:
            self.wait_hops(prefix, [m.n for m in self.members], limit)

    def losses(self):
        """What the machines on the way know to have thrown away so far, by counter: so that a lost packet has a name."""
        kernel = json.loads(run(['nstat', '-jasz'], 'router', stderr=subprocess.DEVNULL).stdout)['kernel']
        found = {f'router {name}': n for name, n in kernel.items()
                 if re.fullmatch(r'Ip(6|Ext)?(In|Out)(NoRoutes|Discards|AddrErrors|HdrErrors)', name)}
        for member in self.members:
            if member.relay.process.alive():
                found.update((f'{member.ns} {name}', n) for name, n in member.relay.drops().items())
        return found

    def bfd_downs(self, members=None):
        """How often each BFD session of the router, or those with `members`, have gone down so far."""
        peers = {a for m in self.members if members is None or m in members for a in (m.address4, m.address6)}
        return {p['peer']: p['session-down'] for p in self.router.json('show bfd peers counters')
                if p['peer'] in peers}

    def explain(self):
        text = ''.join(m.explain() for m in self.members)
        return text + (self.router.explain() if self.router else '')

    def close(self):
        self._stack.close()
