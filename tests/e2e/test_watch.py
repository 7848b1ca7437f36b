# SPDX-License-Identifier: BSD-3-Clause
"""tsunagictl trace, capture, top, decode and explain with a packet: what an operator asks when something does not work.

Nobody can know when a worker has begun to look, so packets are sent until the command has seen enough and ends.
"""

import json
import subprocess

import pytest
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether

from lab.exchange import ANYCAST, HOST6, PROBE4, PROBE_6TO4
from lab.net import RUN, Process, run, wait_for
from lab.probe import from_site, tunnelled
from lab.relay import TSUNAGICTL

WITH_SITE = False
SPOOFED = '2002:c633:6463::1'  # carries 198.51.100.99


def ctl(lab, *words, check=True):
    return run([TSUNAGICTL, '-s', lab.relay.socket, *words], check=check, timeout=20)


def watched(lab, probe, packet, *words):
    """Output of the command, which has seen this packet; its exit code is 0."""
    process = Process('tsunagictl', [TSUNAGICTL, '-s', lab.relay.socket, *words])

    def ended():
        probe.send(packet)
        return not process.alive()
    try:
        wait_for(f'{" ".join(words)} to see the packet', ended, 20, 0.05)
        assert process.wait() == 0, process.log()
        return process.log()
    finally:
        process.stop()


def echo():
    return ICMPv6EchoRequest(id=7, seq=1, data=b'watch')


def test_trace_forwarded(lab, probe):
    """Every station in its order: as received, at the lane with the outer header, as sent without it. (An echo reply, which
    nobody answers: an answer has the address, too, and may be the packet that the trace sees first.)
    """
    packet = tunnelled(from_site(HOST6) / ICMPv6EchoReply(id=7, seq=1, data=b'watch'))
    lines = watched(lab, probe, packet, 'trace', PROBE_6TO4).splitlines()
    assert [line.split()[2] for line in lines] == ['rx', '6to4-decap', 'tx']
    assert all(line.startswith('#1 ') for line in lines)
    assert f'{PROBE4} > {ANYCAST}, {PROBE_6TO4} > {HOST6}' in lines[1]
    assert f' {PROBE_6TO4} > {HOST6}' in lines[2] and ANYCAST not in lines[2]


def test_trace_dropped_as_json(lab, probe):
    """The drop is a station, too, and has its reason."""
    packet = tunnelled(IPv6(src=SPOOFED, dst=HOST6) / echo())
    items = [json.loads(line) for line in watched(lab, probe, packet, '--json', 'trace', f'{SPOOFED}/128').splitlines()]
    assert [i['station'] for i in items] == ['rx', '6to4-decap', 'drop']
    assert items[2]['drop'] == 'drop_6to4_decap_src_mismatch'


def test_trace_sees_nothing(lab):
    done = ctl(lab, 'trace', '-t', '1', '203.0.113.250', check=False)
    assert (done.returncode, done.stdout) == (1, '')


def tshark(path, *fields):
    """Lines of the fields of each packet."""
    words = [word for field in fields for word in ('-e', field)]
    done = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', *words], capture_output=True, text=True,
                          timeout=60, check=True)
    return [line.split('\t') for line in done.stdout.splitlines()]


def test_capture_by_drop_reason(lab, probe):
    path = RUN / 'drops.pcapng'
    packet = tunnelled(IPv6(src=SPOOFED, dst=HOST6) / echo())
    watched(lab, probe, packet, 'capture', '--drop', 'src_mismatch', '-n', '3', '-w', str(path))
    packets = tshark(path, 'ip.src', 'ipv6.src', 'frame.comment', 'frame.len')
    assert packets == [[PROBE4, SPOOFED, 'drop_6to4_decap_src_mismatch, worker 0', str(len(packet))]] * 3


def test_capture_of_lanes_cut_short(lab, probe):
    """Frames and packets in one file; cut to the snap length, with the whole length beside it."""
    path = RUN / 'lanes.pcapng'
    packet = tunnelled(from_site(HOST6) / echo())
    watched(lab, probe, packet, 'capture', '--lane', 'rx', '--lane', '6to4-decap', '--match', PROBE_6TO4, '--snap', '64',
            '-n', '8', '-w', str(path))
    packets = tshark(path, 'frame.interface_name', 'frame.len', 'frame.cap_len', 'eth.dst')
    # The host's answers come by, too, as frames.
    assert {tuple(p) for p in packets} >= {('tsunagi-frames', str(14 + len(packet)), '64', probe.relay_mac),
                                           ('tsunagi-packets', str(len(packet)), '64', '')}


@pytest.mark.parametrize('words', [
    ('capture',), ('capture', '--lane', 'rx', '--snap', 'x'), ('trace', '-n', '0'), ('trace', 'a', 'b'),
    ('top', '-d', '0'), ('decode',), ('explain',)])
def test_wrong_usage(lab, words):
    assert ctl(lab, *words, check=False).returncode == 2


@pytest.mark.parametrize('words, why', [
    (('capture', '--lane', 'nonsense'), '"nonsense" is no lane and no drop counter'),
    (('capture', '--drop', 'nonsense'), '"nonsense" is no lane and no drop counter'),
    (('capture', '--lane', 'rx', '--match', '2001:db8::/129'), 'is no address and no prefix'),
    (('trace', 'nobody'), '"nobody" is no address and no prefix'),
    (('decode', 'nobody'), '"nobody" is not an address')])
def test_refused(lab, words, why):
    done = ctl(lab, *words, check=False)
    assert done.returncode == 1 and why in done.stdout


def test_one_trace_at_a_time(lab):
    process = Process('first', [TSUNAGICTL, '-s', lab.relay.socket, 'trace', '-t', '0', '203.0.113.250'])
    try:
        def refused():
            done = ctl(lab, 'trace', '-t', '1', '203.0.113.251', check=False)
            return 'a trace is running already' in done.stdout
        wait_for('the second trace to be refused', refused, 20)
    finally:
        process.stop()
    wait_for('the next one to be possible', lambda: 'running' not in ctl(
        lab, 'trace', '-t', '1', '203.0.113.250', check=False).stdout, 20)


def test_top(lab, probe):
    lines = watched(lab, probe, tunnelled(from_site(HOST6) / echo()), '--json', 'top', '-n', '2').splitlines()
    rates = [json.loads(line)['per_second'] for line in lines]
    assert len(rates) == 2 and rates[1]['6to4_decap_packets'] > 0
    text = ctl(lab, 'top', '-n', '1').stdout
    assert '6to4' in text and 'workers busy:' in text and 'dropped' in text


def test_decode(lab):
    assert json.loads(ctl(lab, '--json', 'decode', '2002:c633:6407::1').stdout) == {
        'decode': {'address': '2002:c633:6407::1', 'mechanism': '6to4', 'ipv4': '198.51.100.7'}}
    teredo = json.loads(ctl(lab, '--json', 'decode', '2001:0:4136:e378:8000:63bf:3fff:fdd2').stdout)['decode']
    assert (teredo['mechanism'], teredo['client'], teredo['client_port']) == ('teredo', '192.0.2.45', 40000)
    assert '198.51.100.7' in ctl(lab, 'decode', '2002:c633:6407::1').stdout


def explained(lab, packet):
    return json.loads(ctl(lab, '--json', 'explain', bytes(packet).hex()).stdout)['explain']


def test_explain_packet(lab, probe):
    """A packet or a frame: headers, lane, and the verdict with the counter that it would move."""
    good = tunnelled(from_site(HOST6) / echo())
    for packet in good, Ether(src=probe.mac, dst=probe.relay_mac) / good:
        answer = explained(lab, packet)
        assert answer['lane'] == '6to4-decap' and answer['ipv6']['destination'] == HOST6
        assert answer['verdict'] == 'forwarded natively, by the route'
    spoofed = explained(lab, tunnelled(IPv6(src=SPOOFED, dst=HOST6) / echo()))
    assert spoofed['verdict'].startswith('dropped, drop_6to4_decap_src_mismatch: ')
    native = explained(lab, IPv6(src=HOST6, dst='2002:c633:6407::1') / echo())
    assert 'put into IPv4 to 198.51.100.7, protocol 41' == native['verdict'] and 'lane' not in native
    assert ctl(lab, 'explain', 'ab' * 30, check=False).returncode == 1
