#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The demo: builds the exchange point and shows the relay's main job step by step. Exit 0 only if every step worked.

Run it as scripts/demo, which installs, builds and isolates; --stay keeps everything up until Ctrl-C.
"""

import argparse
import os
import signal
import sys
import time

from lab import checks
from lab.exchange import (ANYCAST, ANYCAST6, GATEWAY6, HOST6, ID6, PEER6, SITE4, SITE6, Exchange)
from lab.net import RUN, LabError, wait_for
from lab.relay import TSUNAGICTL

_BOLD, _PLAIN = ('\033[1m', '\033[0m') if sys.stdout.isatty() else ('', '')
_PICTURE = f'''
   6to4 host (a real Linux sit)                 tsunagid                     native IPv6 host
   {SITE6}                   192.88.99.0/24, 2002::/16              {HOST6}
            |                                      |                                |
       {SITE4} --- peer4, AS 64504 --- exchange LAN, AS 64500 --- peer6, AS 64506 ---+
'''


def say(title):
    print(f'\n{_BOLD}== {title}{_PLAIN}', flush=True)


def show(text):
    for line in text.rstrip().splitlines():
        print(f'   {line}')
    sys.stdout.flush()


def build(lab):
    say('Network namespaces: an exchange LAN, two neighbours, a native host, a 6to4 host')
    print(_PICTURE)
    lab.add_networks()
    lab.boot_site()
    say('tsunagid on a net_tap port, without hugepages (config/demo.yaml)')
    lab.start_relay()
    show(lab.relay.show_text('ports'))
    say('BIRD beside tsunagid and at both neighbours; sessions protected by TCP MD5')
    for ns in 'relay', 'peer4', 'peer6':
        lab.start_bird(ns)
    lab.wait_routes()
    show(lab.birds['relay'].ctl('show', 'protocols', '"peer*"'))
    show('peer4 learned: ' + lab.kernel_route('peer4', '192.88.99.0/24'))
    show('peer6 learned: ' + lab.kernel_route('peer6', '2002::/16'))
    show(lab.relay.show_text('routes'))
    say('The 6to4 host is up: a Linux kernel of its own with a sit tunnel to 192.88.99.1')
    lab.wait_site()
    show(lab.site.sh('uname -sr; ip -br addr show dev 6to4; ip -6 route show dev 6to4'))


def steps(lab):
    """(title, what to do): each returns output to show or raises LabError."""
    site = lab.site
    yield 'ping: 6to4 host to native host', lambda: checks.ping(site, HOST6)
    yield 'ping: native host to 6to4 host', lambda: checks.ping('host6', SITE6)
    yield ('traceroute6 from the 6to4 host: the first hop is the relay, by its configured address',
           lambda: checks.expect_hops(site, HOST6, [ID6, PEER6, HOST6]))
    yield ('traceroute6 from the native host: behind its own router, the first hop is the relay',
           lambda: checks.expect_hops('host6', SITE6, [GATEWAY6, ID6, SITE6]))
    yield ('TCP: the 6to4 host downloads 10 MB from the native host, SHA-256 compared',
           lambda: checks.download_to_site(site, 'host6', HOST6, 10_000_000))
    yield ('TCP: the native host downloads 1 MB from the 6to4 host, SHA-256 compared',
           lambda: checks.download_from_site(site, SITE6, 'host6', 1_000_000))
    yield 'ping: 192.88.99.1 over IPv4', lambda: checks.ping('peer4', ANYCAST)
    yield f'ping: {ANYCAST6} through the tunnel', lambda: checks.ping(site, ANYCAST6)
    yield f'ping: {ANYCAST6} natively', lambda: checks.ping('host6', ANYCAST6)
    yield f'ping: {ID6}, the source of the relay\'s errors', lambda: checks.ping('host6', ID6)
    for what in 'counters', 'drops', 'ports', 'routes', 'neighbours', 'workers':
        yield f'tsunagictl show {what}', lambda w=what: lab.relay.show_text(w)
    yield 'The counters agree', lambda: counters_agree(lab)


def counters_agree(lab):
    expected = {  # lower bounds: the downloads alone are this many full packets
        '6to4_encap_packets': 10_000_000 // 1240, '6to4_encap_bytes': 10_000_000,
        '6to4_decap_packets': 1_000_000 // 1440, '6to4_decap_bytes': 1_000_000,
        'echo4_replies': 3, 'echo6_replies': 9, 'icmp6_time_exceeded_sent': 2, 'icmp6_too_big_sent': 1,
    }
    # Workers' counters are read in place: what was just sent may not be counted yet.
    def reached():
        counters = lab.relay.show('counters')
        return all(counters[name] >= least for name, least in expected.items())
    wait_for('counters to reach ' + ', '.join(f'{k} {v}' for k, v in expected.items()), reached, 5)
    counters = lab.relay.show('counters')
    return '\n'.join(f'{name:28} {counters[name]:>10}  (at least {least})' for name, least in expected.items())


def stay(lab):
    say('Everything stays up until Ctrl-C')
    enter = f'nsenter --target {os.environ["TS_OUTSIDE_PID"]} --mount --net --pid'
    show(f'''from another shell, as root:
  {enter} ip netns exec host6 bash        # or peer4, peer6, relay, lan
  {enter} {TSUNAGICTL} show counters
  {enter} birdc -s /run/lab/bird-relay.ctl show route''')
    while lab.relay.process.check_alive():
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser(prog='scripts/demo', description='Shows the relay at work in network namespaces.')
    parser.add_argument('--stay', action='store_true', help='keep it up to play with until Ctrl-C')
    args = parser.parse_args()
    if not RUN.is_dir():
        sys.exit('tests/e2e/demo.py must run under scripts/isolated: use scripts/demo')
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.default_int_handler)

    started = time.monotonic()
    lab = Exchange()
    try:
        build(lab)
        for title, action in steps(lab):
            say(title)
            show(action())
        say(f'All of it worked ({time.monotonic() - started:.0f} s)')
        if args.stay:
            stay(lab)
        return 0
    except KeyboardInterrupt:
        print('\ninterrupted')
        return 130
    except LabError as e:
        say('FAILED')
        show(str(e))
        show(lab.explain())
        return 1
    finally:
        for number in signal.SIGINT, signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)
        lab.close()


if __name__ == '__main__':
    sys.exit(main())
