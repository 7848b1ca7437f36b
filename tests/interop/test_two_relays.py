# SPDX-License-Identifier: BSD-3-Clause
"""Two relays with the same anycast source on one exchange LAN (S12): they watch each other by unicast addresses; what
one sends from 192.88.99.1 the other drops, and says so.
"""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6

from lab import checks
from lab.exchange import (ANYCAST, ANYCAST6, HOST6, ID6, PEER6, PROBE4, PROBE_6TO4, RELAY4, RELAY6, Exchange)
from lab.net import add_ns, mac_of, run, sh, wait_for
from lab.probe import from_site, tunnelled
from lab.relay import Relay, demo_config

OTHER4, OTHER6, OTHER_ID6 = '198.51.100.2', '2001:db8:100::2', '2001:200:0:b001:192:88:99:1'
UNICAST_6TO4 = {RELAY4: '2002:c633:6401::', OTHER4: '2002:c633:6402::'}  # S21, in the form of 6to4
DATA = bytes(range(56))


def config_of(address, **local):
    config = demo_config()
    config['6to4']['addresses'] = [address]
    config['local'].update(local, addresses=[UNICAST_6TO4[address]])
    del config['announce']
    return config


def other_config():
    config = config_of(OTHER4, **{'icmp6-source': OTHER_ID6})
    config.update(netns='relay2', control={'socket': '/run/tsunagi2/tsunagi.sock', 'file-prefix': 'tsunagi2'})
    config['ports'][0]['device'] = 'net_tap0,iface=ixwire2'
    config['interfaces'][0]['addresses'] = [f'{OTHER4}/24', f'{OTHER6}/64']
    return config


class TwoRelays(Exchange):
    """No BGP: the routes are the operator's. peer6 gives 2002::/16 to the first relay."""

    other = None

    def up(self, with_site=False):
        self.add_networks()
        add_ns('relay2')
        self.start_relay(config_of(RELAY4))
        self.other = Relay(other_config(), 'tsunagid2')
        self._stack.callback(self.other.stop)
        self.other.wait_ready()
        self.other.attach_wire(device='ixwire2', mac='02:00:00:00:00:fd')
        sh(f'''ip -n peer6 -6 route add 2002::/16 via {RELAY6}
            ip -n peer6 -6 route add {OTHER_ID6} via {OTHER6}
            ip -n relay -6 route add 2001:db8:6::/48 via {PEER6}
            ip -n relay -6 route add {OTHER_ID6} via {OTHER6}
            ip -n relay2 -6 route add 2001:db8:6::/48 via {PEER6}
            ip -n relay2 -6 route add {ID6} via {RELAY6}''')
        for relay in self.relay, self.other:
            wait_for('the native route', lambda r=relay: r.route('2001:db8:6::/48'))
        return self

    def explain(self):
        return super().explain() + (self.other.explain() if self.other else '')


LAB = TwoRelays


def is_echo_reply(frame):
    return IP in frame and frame[IP].proto == 41 and ICMPv6EchoReply in frame


@pytest.mark.parametrize('ns, addresses', [('relay', (OTHER4, OTHER6, OTHER_ID6)), ('relay2', (RELAY4, RELAY6, ID6))])
def test_each_pings_the_other_by_unicast(lab, ns, addresses):
    """The host and service addresses that are not shared, from the other's own namespace."""
    for address in addresses:
        checks.ping(ns, address)


def test_host_pings_both(lab):
    for address in RELAY6, OTHER6, OTHER_ID6, ANYCAST6:
        checks.ping('host6', address)


@pytest.mark.parametrize('address, twin', [(RELAY4, 'relay'), (OTHER4, 'relay2')])
@pytest.mark.parametrize('asked', ['unicast', 'anycast'])
def test_6to4_echo_through_the_unicast_address(lab, probe, address, twin, asked):
    """S12 (c), G59: a monitor with a unicast source asks a certain relay; the answer is from the address asked."""
    target, outer = (UNICAST_6TO4[address], address) if asked == 'unicast' else (ANYCAST6, ANYCAST)
    probe.drain()
    probe.send(tunnelled(from_site(target) / ICMPv6EchoRequest(id=7, data=DATA), dst=address), dst=mac_of(twin, 'ix0'))
    reply = probe.expect('echo reply', is_echo_reply)
    assert reply.src == mac_of(twin, 'ix0')
    assert (reply[IP].src, reply[IP].dst) == (outer, PROBE4)
    assert (reply[IPv6].src, reply[IPv6].dst) == (target, PROBE_6TO4)
    assert bytes(reply[ICMPv6EchoReply].data) == DATA


def test_icmp4_echo_by_unicast(lab, probe):
    for address, twin in (RELAY4, 'relay'), (OTHER4, 'relay2'):
        probe.drain()
        probe.send(IP(src=PROBE4, dst=address) / ICMP(id=9), dst=mac_of(twin, 'ix0'))
        reply = probe.expect('echo reply', lambda f: ICMP in f and f[ICMP].type == 0)
        assert (reply.src, reply[IP].src) == (mac_of(twin, 'ix0'), address)


def test_anycast_source_is_not_heard(lab):
    """S12: native traffic that the first relay tunnels to the second, or to users behind it, vanishes there."""
    sent = lab.relay.counter('6to4_encap_packets')
    before = lab.other.counter('drop_6to4_decap_v4_src_own')
    done = run(['ping', '-n', '-c', '3', '-i', '0.2', '-W', '1', UNICAST_6TO4[OTHER4]], 'host6', check=False)
    assert ' 0 received' in done.stdout, done.stdout
    assert lab.relay.counter('6to4_encap_packets') == sent + 3
    assert lab.other.counter('drop_6to4_decap_v4_src_own') == before + 3


@pytest.mark.parametrize('source, reason', [
    (ANYCAST, 'v4_src_own'), (OTHER4, 'v4_src_own'), ('192.88.99.2', 'v4_src_relay')])
def test_source_of_another_relay(lab, probe, source, reason):
    """G8, G9, G51: counted by its reason, and nothing is sent to anybody."""
    before = lab.other.drops()
    probe.drain()
    probe.send(tunnelled(IPv6(src='2002:c058:6301::', dst=HOST6) / ICMPv6EchoRequest(), src=source, dst=OTHER4),
               dst=mac_of('relay2', 'ix0'))
    probe.send(IP(src=PROBE4, dst=OTHER4) / ICMP(id=11), dst=mac_of('relay2', 'ix0'))  # handled behind it
    seen = []
    for frame in probe.frames(5):
        if ICMP in frame and frame[ICMP].id == 11:
            break
        seen.append(frame)
    assert not [f for f in seen if IP in f and f[IP].proto in (1, 41)], seen
    name = f'drop_6to4_decap_{reason}'
    assert lab.other.counter(name) == before.get(name, 0) + 1


def test_unicast_source_is_heard_and_refused_by_name(lab):
    """The remedy (S11): with a unicast source the second relay hears the first. A native source it refuses all the same
    (S16), which is why relays are monitored by 6to4 and by native addresses, never through one another."""
    config = config_of(RELAY4)
    config['6to4']['source'] = RELAY4
    lab.restart_relay(config)
    # Gateways are resolved anew at once, which ip may take for a flush that is not complete.
    run(['ip', '-n', 'relay2', 'neigh', 'flush', 'dev', 'ix0'], check=False)
    before = {n: lab.other.counter(f'drop_6to4_decap_{n}') for n in ('v4_src_own', 'src_not_6to4')}
    run(['ping', '-n', '-c', '3', '-i', '0.2', '-W', '1', UNICAST_6TO4[OTHER4]], 'host6', check=False)
    assert lab.other.counter('drop_6to4_decap_v4_src_own') == before['v4_src_own']
    assert lab.other.counter('drop_6to4_decap_src_not_6to4') == before['src_not_6to4'] + 3
