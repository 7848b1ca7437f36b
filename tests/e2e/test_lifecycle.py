# SPDX-License-Identifier: BSD-3-Clause
"""Start, orderly stop, sudden death, and what the kernel beside the relay is set to."""

import os
import signal

import pytest

from lab import checks
from lab.exchange import RELAY4
from lab.net import ROOT, has_device, run, sh, wait_for
from lab.relay import TSUNAGID, Relay

WITH_SITE = False


def table_6424(family):
    return run(['ip', '-n', 'relay', family, 'route', 'show', 'table', '6424'], check=False).stdout.strip()


def left_over(relay):
    """What a tsunagid that has ended left behind."""
    found = [f'{device} in {ns}' for ns, device in (('relay', 'ix0'), ('relay', 'tsunagi0'), ('lan', 'ixwire'))
             if has_device(ns, device)]
    if os.path.exists(relay.socket):
        found.append(relay.socket)
    found += run(['nft', 'list', 'tables'], ns='relay').stdout.split('\n')[:-1]
    return found


def test_check_accepts_the_examples(lab):
    done = run([TSUNAGID, '--check', ROOT / 'config/demo.yaml'])
    assert done.returncode == 0


def test_kernel_settings(lab):
    """ground rules of an exchange LAN: forwards nothing, redirects nothing, answers ARP for its own addresses only."""
    def sysctl(name):
        return sh(f'cat /proc/sys/net/{name}', ns='relay').strip()
    assert sysctl('ipv4/ip_forward') == '0'
    assert sysctl('ipv6/conf/ix0/forwarding') == '1', 'or neighbour advertisements lack the router flag'
    for name, value in (('arp_ignore', '1'), ('arp_announce', '2')):
        assert max(sysctl(f'ipv4/conf/all/{name}'), sysctl(f'ipv4/conf/ix0/{name}')) == value
    assert sysctl('ipv4/conf/ix0/send_redirects') == '0' and sysctl('ipv4/conf/all/send_redirects') == '0'
    assert sysctl('ipv6/conf/ix0/accept_ra') == '0'
    assert 'hook forward' in run(['nft', 'list', 'ruleset'], ns='relay').stdout


def test_no_hugepages_no_shared_memory_files(lab):
    assert not [f for f in os.listdir('/dev/hugepages') if 'tsunagi' in f] if os.path.isdir('/dev/hugepages') else True


def test_announcement_routes(lab):
    assert 'tsunagi0' in table_6424('-4') and '192.88.99.0/24' in table_6424('-4')
    assert 'tsunagi0' in table_6424('-6') and '2002::/16' in table_6424('-6')


def test_second_instance_is_refused(lab):
    """The socket, the interface and the port belong to the first, which must not suffer."""
    second = Relay(name='second')
    assert second.process.wait(20) == 1
    assert second.process.log().strip()
    lab.relay.process.check_alive()
    checks.ping('peer4', '192.88.99.1')
    assert lab.relay.show('workers')


def test_sigterm(lab):
    """An orderly stop: exit 0, nothing left, announcement withdrawn; then a new one works."""
    relay = lab.relay
    assert relay.stop() == 0, relay.process.log()
    assert left_over(relay) == []
    for ns, prefix in ('peer4', '192.88.99.0/24'), ('peer6', '2002::/16'):
        wait_for(f'{prefix} to leave {ns}', lambda n=ns, p=prefix: not lab.kernel_route(n, p), 60)
    lab.restart_relay()
    lab.wait_routes(90)
    checks.ping('host6', '2002:c058:6301::')


def test_sigkill(lab):
    """The announcement goes with the process, with no code of ours running; a new one starts over what is left."""
    lab.relay.process.signal(signal.SIGKILL)
    lab.relay.process.wait()
    wait_for('the announcement to go at once', lambda: not has_device('relay', 'tsunagi0') and not table_6424('-4')
             and not table_6424('-6'), 1)
    wait_for('BIRD to forget 192.88.99.0/24', lambda: not lab.birds['relay'].has_route('192.88.99.0/24'), 10)
    lab.restart_relay()
    lab.wait_routes(90)
    checks.ping('peer4', '192.88.99.1')


@pytest.mark.parametrize('number', [signal.SIGINT])
def test_other_signals(lab, number):
    lab.relay.process.signal(number)
    assert lab.relay.process.wait(10) == 0
    assert left_over(lab.relay) == []
    lab.restart_relay()
    lab.wait_routes(90)


def test_starts_without_routes_and_serves_the_lan(lab):
    """No BIRD needed for what is attached."""
    for bird in lab.birds.values():
        bird.stop()
    lab.restart_relay()
    checks.ping('peer4', RELAY4)
