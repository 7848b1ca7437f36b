# SPDX-License-Identifier: BSD-3-Clause
"""config/frr and config/bird do the same: one relay with each, side by side; what they announce, take, refuse and drop.
TCP MD5 and GTSM are on in all sessions, of IPv4 and IPv6.
"""

import re
import time

import pytest

from lab.net import run, sh, wait_for
from lab.two_relays import ANYCAST4_NET, HOST_NET, IPV6_NETS, SITE_NET, TwoRelays, relay_config

BAD4 = '10.1.0.0/16', '192.88.99.0/25', '198.51.100.128/25', '203.0.113.64/26', '192.0.0.0/7'
BAD6 = '2002:cb00:7100::/40', '2001:0:4136::/48', '2001:db8:600:1::/64', '2001:db8:100::/65', 'fd00:6::/48', \
    '2001:db8:6:1::/64', '2001:200:0:b000::/60'
VICTIM4, VICTIM6 = '203.0.113.66/32', '2001:db8:6::66/128'


class FrrAndBird(TwoRelays):
    """FRR knows no other table than the main one."""

    def __init__(self):
        config = relay_config(1)
        config['announce']['table'] = 254
        super().__init__(((1, config, 'frr'), (2, None, 'bird')))

    def up(self):
        super().up()
        self.router.configure('route-map VICTIM permit 10', 'set community blackhole')
        return self

    def announce(self, announced, *prefixes, option=''):
        lines = ['router bgp 64504']
        for prefix in prefixes:
            lines += [f'address-family {"ipv6" if ":" in prefix else "ipv4"} unicast',
                      f'{"" if announced else "no "}network {prefix} {option}', 'exit-address-family']
        self.router.configure(*lines)

    def path(self, prefix, member):
        """The router's path by this relay, from FRR's JSON."""
        family = 'ipv6' if ':' in prefix else 'ipv4'
        paths = self.router.json(f'show bgp {family} unicast {prefix}').get('paths', [])
        return next((p for p in paths if p['peer']['peerId'] in (member.address4, member.address6)), None)


LAB = FrrAndBird


@pytest.mark.parametrize('n', [0, 1], ids=['frr', 'bird'])
def test_announced(lab, n):
    """O5, O7: the special prefixes in exactly these lengths, with no-export; AGGREGATOR where the daemon can."""
    for prefix in (ANYCAST4_NET, *IPV6_NETS, f'2001:200:0:b00{n + 1}::/64'):
        path = wait_for(f'{prefix} from relay {n + 1}', lambda p=prefix: lab.path(p, lab.members[n]))
        assert path['aspath']['string'] == '64500' and path['origin'] == 'IGP'
        assert path['community']['list'] == ['noExport']
    aggregator = lab.path(ANYCAST4_NET, lab.members[n]).get('aggregatorId')
    assert aggregator == ('198.51.100.1' if n == 0 else None)
    sessions = lab.router.json('show bgp summary')
    for family, address in ('ipv4Unicast', lab.members[n].address4), ('ipv6Unicast', lab.members[n].address6):
        assert sessions[family]['peers'][address]['pfxRcd'] == (1 if family == 'ipv4Unicast' else 4), 'and nothing else'


def test_taken(lab):
    for member in lab.members:
        for prefix, via in (SITE_NET, '198.51.100.4'), (HOST_NET, '2001:db8:100::6'):
            route = member.relay.route(prefix)
            assert (route['kind'], route['origin']) == ('via', 'kernel')
            assert [hop['address'] for hop in route['via']] == [via]


def test_refused(lab):
    """O8: martians, other lengths, the peering LAN, what is in the special prefixes; a good one behind them arrives."""
    good = '203.0.112.0/24', '2001:db8:60::/44'
    lab.announce(True, *BAD4, *BAD6, *good)
    for member in lab.members:
        for prefix in good:
            wait_for(f'{prefix} in {member.ns}', lambda p=prefix, m=member: m.relay.route(p))
        assert not {r['prefix'] for r in member.relay.show('routes')} & {*BAD4, *BAD6}
    lab.announce(False, *BAD4, *BAD6, *good)


def test_blackhole(lab):
    """O21, RFC 7999: single addresses in the neighbour's own networks, nowhere else; traffic to them is dropped."""
    other = '203.0.114.1/32', '2001:db8:7::1/128'
    lab.announce(True, *other, VICTIM4, VICTIM6, option='route-map VICTIM')
    for member in lab.members:
        for prefix in VICTIM4, VICTIM6:
            route = wait_for(f'{prefix} in {member.ns}', lambda p=prefix, m=member: m.relay.route(p))
            assert route['kind'] == 'blackhole', route
        assert not any(member.relay.route(prefix) for prefix in other)
    before = [m.relay.counter('drop_6to4_encap_blackhole') for m in lab.members]
    run(['ping', '-c', '2', '-i', '0.1', '-W', '0.1', '2002:cb00:7142::1'], ns='host6', check=False)
    assert [m.relay.counter('drop_6to4_encap_blackhole') for m in lab.members] != before
    lab.announce(False, *other, VICTIM4, VICTIM6, option='route-map VICTIM')
    for member in lab.members:
        wait_for('the blackhole to go', lambda m=member: not m.relay.route(VICTIM4) and not m.relay.route(VICTIM6))


def refused_by_ttl(member):
    """Segments that came with too low a TTL: FRR's are dropped by gtsm.nft, BIRD's by its sockets."""
    if member.daemon == 'frr':
        rules = run(['nft', 'list', 'chain', 'inet', 'gtsm', 'only255'], ns=member.ns).stdout
        return sum(map(int, re.findall(r'packets (\d+)', rules)))
    names, values = [line.split() for line in sh('grep ^TcpExt: /proc/net/netstat', ns=member.ns).splitlines()]
    return int(dict(zip(names, values))['TCPMinTTLDrop'])


def test_gtsm(lab):
    """O11, both families: what has crossed a router is not heard, though the rest of the session is right."""
    prefixes = '203.0.112.0/24', '2001:db8:60::/44'

    def send_with(ttl):
        run(['nft', f'flush chain inet gtsm to255; add rule inet gtsm to255 ip ttl set {ttl}; '
             f'add rule inet gtsm to255 ip6 hoplimit set {ttl}'], ns='router')
    before = [refused_by_ttl(member) for member in lab.members]
    send_with(254)
    try:
        lab.announce(True, *prefixes)
        for member, n in zip(lab.members, before):
            wait_for(f'two segments with TTL 254 to be refused by {member.ns}', lambda m=member, n=n:
                     refused_by_ttl(m) >= n + 2)
            assert not any(member.relay.route(prefix) for prefix in prefixes)
    finally:
        send_with(255)
    for member in lab.members:
        for prefix in prefixes:
            wait_for(f'{prefix} in {member.ns}', lambda p=prefix, m=member: m.relay.route(p))
    lab.announce(False, *prefixes)


def lost_in(lab, seconds_at_most, action):
    mark = lab.stream.wait_clean(0.3)
    at = time.monotonic()
    action()
    fates = lab.stream.settled(mark)
    lasts = [f.last - at for f in fates if f.lost]
    print(f'lost {[f.lost for f in fates]} of {[f.sent for f in fates]}, the last after {max(lasts, default=0):.3f} s')
    assert all(f.wrong == 0 for f in fates) and max(lasts, default=0) <= seconds_at_most, fates


@pytest.mark.parametrize('sudden', [False, True], ids=['stopped', 'killed'])
def test_frr_restarted(lab, sudden):
    frr = lab.members[0].routing

    def away():
        frr.kill() if sudden else frr.stop()
        for prefix in (ANYCAST4_NET, *IPV6_NETS):
            lab.wait_hops(prefix, [2], 2)
    lost_in(lab, 1.0, away)
    mark = lab.stream.wait_clean(0.2)
    frr.start()
    lab.wait_shared()
    assert [f.lost for f in lab.stream.settled(mark)] == [0, 0]


def test_too_many_routes(lab):
    """O12: a neighbour that leaks more than its limit loses the session of that family, and only that."""
    leaked = [f'2001:db8:{0x4000 + n:x}::/48' for n in range(1001)]
    lab.announce(True, *leaked)
    try:
        for member in lab.members:
            wait_for(f'the IPv6 session of {member.ns} to go', lambda m=member: not lab.router.established(m.address6))
            assert lab.router.established(member.address4)
    finally:
        lab.announce(False, *leaked)
    lab.members[0].routing.ctl('clear bgp 2001:db8:100::6')  # FRR would try again in five minutes
    lab.wait_shared()
