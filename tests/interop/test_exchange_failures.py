# SPDX-License-Identifier: BSD-3-Clause
"""Two relays (BIRD by config/bird) behind a router (FRR) that shares the traffic between them; one of them fails in
every way that an exchange has. What is lost is counted by numbered packets both ways: docs/operating.md has the figures.
"""

import contextlib
import time

import pytest

from lab import hang
from lab.exchange import add_lan_host
from lab.net import RUN, run, wait_for
from lab.stream_flood import Flood
from lab.two_relays import (ANYCAST4_NET, HOST_NET, IPV6_NETS, NET_6TO4, NET_TEREDO, SITES, SITE_NET, TwoRelays,
                            relay_config)
from outage import BFD_LIMIT, drain, kill, only_second_has, outage

MANY = 50_000


class RoomForMany(TwoRelays):
    def __init__(self):
        config = relay_config(1)
        config['tables']['ipv4-routes'] = MANY + 1000
        super().__init__(((1, config, 'bird'), (2, None, 'bird')))


LAB = RoomForMany


def test_both_share_the_traffic(lab):
    with outage(lab, 0):
        before = [m.relay.show('counters') for m in lab.members]
        lab.stream.wait_clean(1)
    for member, counters in zip(lab.members, before):
        now = member.relay.show('counters')
        for name in '6to4_decap_packets', '6to4_encap_packets':
            assert now[name] - counters[name] > 100, f'{member.ns}: {name}'


def test_killed(lab, failing):
    kill(lab, failing)


def test_stopped_in_order(lab, failing):
    with outage(lab, BFD_LIMIT):
        assert failing.relay.stop() == 0
    only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS))


def test_cable_out(lab, failing):
    with outage(lab, BFD_LIMIT):
        failing.cable('down')
    only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS))
    failing.cable('up')


def test_sessions_down(lab, failing):
    with outage(lab, BFD_LIMIT):
        for session in 'peer4', 'peer6':
            failing.routing.ctl('disable', session)
    only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS))
    for session in 'peer4', 'peer6':
        failing.routing.ctl('enable', session)


def test_routing_daemon_restarted(lab, failing):
    with outage(lab, BFD_LIMIT):
        failing.routing.stop()
        only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS))
    failing.start_routing()


def withhold(lab, member, family, withheld):
    """The router announces its networks of one family to this relay no more."""
    name, address = ('ipv4', member.address4) if family == 4 else ('ipv6', member.address6)
    lab.router.configure('router bgp 64504', f'address-family {name} unicast',
                         f'{"" if withheld else "no "}neighbor {address} route-map NOTHING out')


@pytest.mark.parametrize('family', [6, 4])
def test_all_routes_of_a_family_lost(lab, failing, family):
    """O2: without IPv6 routes 192.88.99.0/24 goes and the IPv6 prefixes stay, and the other way round."""
    lost_net, gone, kept = (HOST_NET, [ANYCAST4_NET], IPV6_NETS) if family == 6 else (
        SITE_NET, [NET_6TO4, NET_TEREDO], [ANYCAST4_NET])
    try:
        with outage(lab, 2 * BFD_LIMIT):  # the router's update, health's look at it, the withdrawal
            withhold(lab, failing, family, True)
            wait_for(f'{lost_net} to leave the relay', lambda: not failing.relay.route(lost_net))
            only_second_has(lab, gone, 2)
        for prefix in kept:
            assert lab.next_hops(prefix) == {1, 2} and prefix in failing.held()
        assert not failing.held() & set(gone)
    finally:
        withhold(lab, failing, family, False)


def test_worker_hangs(lab, failing):
    """Noticed after a second without a turn; then withdrawn at once."""
    with outage(lab, 2.5), hang.stopped(hang.workers(failing.relay.process.pid)[0]):
        only_second_has(lab, (ANYCAST4_NET, *IPV6_NETS), 3)


def test_drain(lab, failing):
    drain(lab, failing)


@contextlib.contextmanager
def sessions_stay_up(lab):
    """Every BFD session of 3 x 100 ms, and with them BGP."""
    before = lab.bfd_downs()
    assert len(before) == 4
    yield
    assert lab.bfd_downs() == before


def test_sessions_while_flooded(lab):
    """Some 20,000 spoofed packets a second to one relay: its sessions stay, and nearly all of the rest gets through."""
    add_lan_host('flood', '198.51.100.9/24')
    member = lab.members[0]
    name = 'drop_6to4_decap_src_mismatch'
    with sessions_stay_up(lab), Flood('flood', '02:00:5e:10:00:01', SITES) as flood:
        wait_for('the flood to arrive', lambda: flood.process.check_alive() and member.relay.counter(name))
        start, at = member.relay.counter(name), time.monotonic()
        mark = lab.stream.mark()
        wait_for('three seconds of it', lambda: time.monotonic() - at > 3 and lab.next_hops(NET_6TO4) == {1, 2}, 10)
        fates = lab.stream.fates(mark)
        print(f'{(member.relay.counter(name) - start) / (time.monotonic() - at):.0f} packets a second, '
              f'lost {[f.lost for f in fates]} of {[f.sent for f in fates]}')
    assert all(f.lost < f.sent / 10 for f in fates), fates


def undisturbed(lab, scenario):
    """Again, twice at most, if a session of the other relay went down, to which nothing is done: it went without a CPU."""
    others = lab.members[1:]
    for left in 2, 1, 0:
        before = lab.bfd_downs(others)
        try:
            return scenario()
        except AssertionError:
            if left == 0 or lab.bfd_downs(others) == before:
                raise
        print(f'once more: sessions of the other relay went down, {before} to {lab.bfd_downs(others)}')
        lab.wait_shared()


def many(verb):
    """Lines of `ip -batch`."""
    return [f'route {verb} {20 + (n >> 16)}.{n >> 8 & 255}.{n & 255}.0/24 via 198.51.100.4\n' for n in range(MANY)]


def batch(member, lines):
    path = RUN / 'many'
    path.write_text(''.join(lines))
    run(['ip', '-n', member.ns, '-batch', path], timeout=150)


def wait_route(member, line, there=True):
    prefix = line.split()[2]
    wait_for(f'{prefix} to {"come" if there else "go"}', lambda: bool(member.relay.route(prefix)) == there, 20)


def load_routes(lab, member):
    with sessions_stay_up(lab), outage(lab, 0):
        for verb in 'add', 'del':
            lines = many(verb)
            batch(member, lines)
            wait_route(member, lines[-1], verb == 'add')


def test_sessions_while_routes_load(lab):
    """Routes as a routing daemon writes them: the punt thread is another than the one that makes tables of them."""
    undisturbed(lab, lambda: load_routes(lab, lab.members[0]))


def overrun(lab, member):
    before = member.relay.show('tables')['mirror']
    with sessions_stay_up(lab), outage(lab, 0):
        with hang.stopped(member.relay.process.pid):  # the thread that began, which is control's
            batch(member, many('add') + many('del') + many('add'))
        for line in many('add')[::MANY // 10]:
            wait_route(member, line)
        after = member.relay.show('tables')['mirror']
        assert after['overruns'] > before['overruns'] and after['resyncs'] > before['resyncs']
        assert member.relay.show('tables')['ipv4_routes'] >= MANY
        lines = many('del')
        batch(member, lines)
        wait_route(member, lines[-1], False)
        lab.stream.wait_clean(0.5)


def test_netlink_overrun(lab):
    """More than the socket holds, while nobody reads: then all of it is read anew, and packets go their way meanwhile."""
    undisturbed(lab, lambda: overrun(lab, lab.members[0]))
