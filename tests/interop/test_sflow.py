# SPDX-License-Identifier: BSD-3-Clause
"""Sampled export read by others: sfacctd of pmacct, sfcapd of nfdump and tshark. With a sampling rate of 1 they see
each packet that was sent; with another, about as many when they multiply.

The probe's packets need no answer and no route: samples are taken of what a port receives.
"""

import contextlib
import copy
import json
import shutil
import signal
import socket
import struct
import subprocess

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.utils import wrpcap

from lab.exchange import ANYCAST, HOST6, PROBE4, PROBE_6TO4, RELAY4, Exchange, add_lan, add_probe
from lab.net import RUN, Process, run, wait_for
from lab.probe import from_site, tunnelled
from lab.relay import demo_config, write_config

SFACCTD_PORT, SFCAPD_PORT, OWN_PORT = 6343, 6344, 6345
PACKETS = 200


class LAB(Exchange):
    """The relay and a station; all collectors in the namespace that tsunagid is started in."""

    def up(self):
        add_lan()
        add_probe()
        config = demo_config()
        config['http'] = {'listen': ['unix:/run/lab/http.sock']}
        config['sflow'] = {
            'collectors': [{'address': '127.0.0.1'}, {'address': '127.0.0.1', 'port': SFCAPD_PORT},
                           {'address': '::1', 'port': OWN_PORT}],
            'sampling-rate': 1, 'counter-interval-s': 1}
        self.start_relay(config)
        return self


def udp_listens(port):
    return f'{port:04X}' in {line.split()[1].split(':')[1] for name in ('udp', 'udp6')
                             for line in open(f'/proc/net/{name}', encoding='ascii').readlines()[1:]}


@contextlib.contextmanager
def listening(process, port):
    try:
        wait_for(f'{process.name} to listen', lambda: process.check_alive() and udp_listens(port), 30)
        yield process
    finally:
        process.signal(signal.SIGINT)  # sfacctd is deaf to SIGTERM
        process.stop()


def records(path):
    """JSON documents, one a line; the last one may not be whole yet."""
    for line in path.read_text().splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError):
            yield json.loads(line)


@pytest.fixture(scope='module')
def sfacctd():
    """What it has written so far of flows and of counters."""
    (RUN / 'sfacctd.conf').write_text(f'''
sfacctd_ip: 127.0.0.1
sfacctd_port: {SFACCTD_PORT}
sfacctd_renormalize: true
sfacctd_counter_file: {RUN}/counters.json
sfacctd_counter_output: json
plugins: print
aggregate: src_host, dst_host, proto, in_iface, peer_src_ip
print_output: json
print_output_file: {RUN}/flows.json
print_output_file_append: true
print_refresh_time: 1
''')
    with listening(Process('sfacctd', ['sfacctd', '-f', RUN / 'sfacctd.conf']), SFACCTD_PORT):
        yield lambda name: list(records(RUN / f'{name}.json'))


@pytest.fixture(scope='module')
def sfcapd():
    directory = RUN / 'sfcapd'
    directory.mkdir()
    argv = ['sfcapd', '-w', directory, '-b', '127.0.0.1', '-p', str(SFCAPD_PORT)]
    with listening(Process('sfcapd', argv), SFCAPD_PORT) as process:
        yield process
    shutil.rmtree(directory)


@pytest.fixture(scope='module')
def own():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind(('::1', OWN_PORT))
        s.setblocking(False)
        yield s


@pytest.fixture(scope='module')
def collectors(sfacctd, sfcapd, own, lab):
    """All of them, before anything is sent."""
    return sfacctd, sfcapd, own, lab


def packet(number):
    return tunnelled(from_site(HOST6) / ICMPv6EchoRequest(id=41, seq=number))


def packets_seen(flows):
    return sum(f['packets'] for f in flows
               if (f['ip_src'], f['ip_dst'], f['ip_proto']) == (PROBE4, ANYCAST, 'ipv6'))


def send(lab, probe, count):
    """Not more at once than a worker has buffers for samples."""
    for first in range(0, count, 50):
        before = lab.relay.counter('rx_packets')
        for number in range(first, min(first + 50, count)):
            probe.send(packet(number))
        wait_for('the relay to have them', lambda b=before: lab.relay.counter('rx_packets') >= b + 50)
    assert lab.relay.show('counters')['observations_lost'] == 0


def test_sfacctd_sees_every_packet(collectors, probe):
    sfacctd, _, _, lab = collectors
    wait_for('the first counters', lambda: sfacctd('counters'), 30)
    send(lab, probe, PACKETS)
    wait_for('sfacctd to have written all', lambda: packets_seen(sfacctd('flows')) >= PACKETS, 30)
    flows = sfacctd('flows')
    assert packets_seen(flows) == PACKETS
    ours = [f for f in flows if f['ip_src'] == PROBE4 and f['ip_proto'] == 'ipv6']
    assert {(f['peer_ip_src'], f['iface_in']) for f in ours} == {(RELAY4, 1)}


def test_sfacctd_sees_counters(collectors, lab):
    sfacctd = collectors[0]
    received = lab.relay.show('ports')[0]['rx_packets']

    def told():
        return any(c.get('ifInUcastPkts', 0) >= received and c['ifIndex'] == 1 for c in sfacctd('counters'))
    wait_for('counters as the relay has them', told, 30)


def words(data):
    return struct.unpack(f'!{len(data) // 4}I', data)


def samples(datagram):
    """(format, data) of each sample; the words of the datagram's head. RELAY4 is the agent."""
    head, at = words(datagram[:28]), 28
    assert head[:2] == (5, 1) and socket.inet_ntoa(datagram[8:12]) == RELAY4
    found = []
    for _ in range(head[6]):
        kind, length = words(datagram[at:at + 8])
        found.append((kind, datagram[at + 8:at + 8 + length]))
        at += 8 + length
    assert at == len(datagram) <= 1400
    return head, found


def drained(sock):
    """Datagrams that have come; each was waited for by what others saw of it."""
    got = []
    with contextlib.suppress(BlockingIOError):
        while True:
            got.append(sock.recv(65536))
    return got


@pytest.fixture(scope='module')
def datagrams(collectors, probe):
    """All since the beginning, and of another PACKETS packets."""
    _, _, own, lab = collectors
    got = drained(own)
    send(lab, probe, PACKETS)
    taken = lab.relay.show('sflow')['flow_samples']

    def all_there():
        got.extend(drained(own))
        return max((words(data)[0] for d in got for kind, data in samples(d)[1] if kind == 1), default=0) >= taken
    wait_for('the last sample', all_there, 30)
    return got


def flow_samples(datagrams):
    """Of the tunnel's packets: the sample's words, the header's record, the frame, what follows the record."""
    for kind, data in (s for d in datagrams for s in samples(d)[1]):
        if kind != 1:
            continue
        length, = words(data[36:40])
        header = words(data[32:56])
        frame = data[56:56 + header[5]]
        packet_in = Ether(frame)
        if IP in packet_in and packet_in[IP].proto == 41:
            yield words(data[:32]), header, frame, data[40 + length:]


def test_datagrams(datagrams):
    """O25. By the specification, by hand: numbers without a gap, the whole of the headers."""
    heads = [samples(d)[0] for d in datagrams]
    assert [h[4] for h in heads] == list(range(heads[0][4], heads[0][4] + len(heads)))
    assert [h[5] for h in heads] == sorted(h[5] for h in heads)
    sequence = 0
    for kind, data in (s for d in datagrams for s in samples(d)[1]):
        if kind == 1:
            flow = words(data[:32])
            assert flow[0] == flow[3] == sequence + 1  # the rate is 1: the pool is the samples
            assert flow[1:3] == (1, 1) and flow[4:7] == (0, 1, 0)
            sequence += 1
    ours = list(flow_samples(datagrams))
    assert len(ours) == 2 * PACKETS
    for _, header, frame, rest in ours:
        assert header[0] == header[2] == 1 and header[3:5] == (len(Ether() / packet(0)) + 4, 4) and rest == b''
        inner = Ether(frame)[IPv6]
        assert (inner.src, inner.dst) == (PROBE_6TO4, HOST6)


def test_tshark(datagrams):
    """Another reader: no complaint, outer and inner addresses."""
    path = RUN / 'sflow.pcap'
    wrpcap(str(path), [Ether() / IP() / UDP(sport=6343, dport=6343) / d for d in datagrams])
    done = subprocess.run(
        ['tshark', '-n', '-r', path, '-T', 'fields', '-e', '_ws.malformed', '-e', '_ws.expert.message', '-e', 'ip.src',
         '-e', 'ipv6.src', '-e', 'ipv6.dst'],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.split('\t') for line in done.stdout.splitlines()]
    assert len(lines) == len(datagrams)
    assert not any(line[0] for line in lines)
    assert sum(line[3].split(',').count(PROBE_6TO4) for line in lines) >= 2 * PACKETS
    assert sum(line[4].split(',').count(HOST6) for line in lines) >= 2 * PACKETS


def test_show_and_metrics(collectors, lab):
    shown = lab.relay.show('sflow')
    assert shown['agent'] == RELAY4 and shown['flow_samples'] >= PACKETS
    assert set(shown['collectors']) == {f'127.0.0.1:{SFACCTD_PORT}', f'127.0.0.1:{SFCAPD_PORT}', f'[::1]:{OWN_PORT}'}
    assert all(c['datagrams'] > 0 and c['send_errors'] == 0 for c in shown['collectors'].values())
    assert 'flow_samples' in lab.relay.show_text('sflow')
    page = run(['curl', '-s', '--unix-socket', '/run/lab/http.sock', 'http://x/metrics']).stdout
    (RUN / 'page.txt').write_text(page)
    assert run(['sh', '-c', f'promtool check metrics <{RUN}/page.txt']).stdout == ''
    assert 'tsunagi_sflow_datagrams_total{collector="2"}' in page and '127.0.0.1' not in page


def reload(lab, **keys):
    """With these keys in the section, or without it if there are none."""
    config = copy.deepcopy(lab.relay.config)
    config['sflow'].update(keys)
    if not keys:
        del config['sflow']
    before = len(lab.relay.process.log())
    write_config(config, lab.relay.path.name)
    lab.relay.process.signal(signal.SIGHUP)
    wait_for('the reload', lambda: 'configuration reloaded' in lab.relay.process.log()[before:])


def test_rate_after_reload(collectors, probe):
    """One of ten: the collector multiplies by what a sample says."""
    sfacctd, _, _, lab = collectors
    reload(lab, **{'sampling-rate': 10})
    wait_for('both tests before to be written', lambda: packets_seen(sfacctd('flows')) >= 2 * PACKETS, 30)
    base, before = packets_seen(sfacctd('flows')), lab.relay.show('sflow')['flow_samples']
    send(lab, probe, 10 * PACKETS)
    taken = lab.relay.show('sflow')['flow_samples'] - before
    assert 0.7 * PACKETS < taken < 1.3 * PACKETS
    wait_for('sfacctd to have written about as many',
             lambda: packets_seen(sfacctd('flows')) - base > 0.7 * 10 * PACKETS, 30)
    assert packets_seen(sfacctd('flows')) - base < 1.3 * 10 * PACKETS


def test_sfcapd_saw_them_too(collectors):
    """It writes its file when it is stopped."""
    _, sfcapd, _, _ = collectors
    assert sfcapd.stop() == 0
    done = run(['nfdump', '-q', '-N', '-R', RUN / 'sfcapd', '-o', 'fmt:%sa %da %pkt'], stderr=subprocess.PIPE)
    flows = [line.split() for line in done.stdout.splitlines()]
    seen = sum(int(packets) for source, to, packets in flows if (source, to) == (PROBE4, ANYCAST))
    assert 2 * PACKETS + 7 * PACKETS < seen < 2 * PACKETS + 13 * PACKETS


def test_marked_tunnels(collectors, probe):
    """O25: the record says where the inner header is."""
    _, _, own, lab = collectors
    reload(lab, **{'mark-tunnels': True})
    drained(own)
    got = []
    send(lab, probe, 50)

    def all_there():
        got.extend(drained(own))
        return len(list(flow_samples(got))) >= 50
    wait_for('the samples', all_there, 30)
    for flow, _, frame, rest in flow_samples(got):
        assert flow[7] == 2 and words(rest[:8]) == (1027, 4)
        at, = words(rest[8:])
        inner = IPv6(frame[at:])
        assert (inner.src, inner.dst) == (PROBE_6TO4, HOST6)


def test_section_goes(collectors, lab):
    """Off by a reload: nothing is sampled any more."""
    reload(lab)
    assert not lab.relay.try_show('sflow')
    assert lab.relay.stop() == 0
