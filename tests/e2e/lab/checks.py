# SPDX-License-Identifier: BSD-3-Clause
"""What a user of the relay would try: ping, traceroute6, a TCP download.

Each returns output to show, or raises LabError. `where` is a namespace's name or a UmlHost: the same commands run in
either.
"""

import hashlib
import re

from .net import RUN, LabError, Process, run, sh, wait_for


def command(where, text, limit=30, check=True):
    """Shell text in a namespace or in the guest; its output."""
    if isinstance(where, str):
        done = run(['sh', '-ec', text], where, check=False, timeout=limit + 10)
        code, output = done.returncode, done.stdout
    else:
        code, output = where.run(text, limit)
    if check and code != 0:
        raise LabError(f'{text}: exit {code}\n{output}')
    return output


def ping(where, address, count=3, options=''):
    """Every one of `count` echo requests is answered, be it late.

    By -W alone ping waits for the last answers twice as long as the first ones took, which may be nothing. By -w it
    sends more until so many answers have come, of which those to the first requests must be.
    """
    output = command(where, f'ping -n -c {count} -i 0.2 -w 5 {options} {address}')
    if not set(range(1, count + 1)) <= {int(n) for n in re.findall(r'icmp_seq=(\d+) ttl', output)}:
        raise LabError(f'ping {address}: replies are missing\n{output}')
    return output


def hops(where, address, options=''):
    """(addresses of the routers and of the end in order, the output) of traceroute6."""
    output = command(where, f'traceroute -6 -n -q 1 -w 3 -m 8 {options} {address}', 60)
    return re.findall(r'^ *\d+ +(\S+)', output, re.M), output


def expect_hops(where, address, expected, options=''):
    found, output = hops(where, address, options)
    if found != expected:
        raise LabError(f'traceroute6 {address}: expected {" ".join(expected)}\n{output}')
    return output


def _transferred(what, expected, output):
    if expected not in output:
        raise LabError(f'{what}: the copy differs from the original\n{output}')
    return output


def _fetch(url, expected_size):
    return (f"curl -gsS --max-time 60 -o copy -w '%{{size_download}} bytes in %{{time_total}} s\\n' '{url}'\n"
            f'test "$(stat -c %s copy)" = {expected_size}\nsha256sum copy\nrm copy')


def download_to_site(site, host_ns, host_address, size, seed=1, port=8006):
    """The 6to4 host fetches `size` bytes by HTTP from the native host; their SHA-256 is compared."""
    data = hashlib.shake_256(b'tsunagi %d' % seed).digest(size)
    directory = RUN / 'http'
    directory.mkdir(exist_ok=True)
    (directory / 'file').write_bytes(data)
    server = Process('http', ['/usr/bin/python3', '-m', 'http.server', '--bind', host_address,
                              '--directory', directory, port], ns=host_ns)
    try:
        wait_for('the web server on the native host', lambda: server.check_alive() and _listens(host_ns, port))
        output = site.sh(_fetch(f'http://[{host_address}]:{port}/file', size), 70)
        return _transferred('download to the 6to4 host', hashlib.sha256(data).hexdigest(), output)
    finally:
        server.stop(2)


def download_from_site(site, site_address, host_ns, size, port=8002):
    """The native host fetches `size` bytes by HTTP from the 6to4 host."""
    original = site.sh(f'mkdir -p /tmp/www; head -c {size} /dev/urandom >/tmp/www/file; sha256sum </tmp/www/file')
    site.run(f'exec python3 -m http.server --bind {site_address} --directory /tmp/www {port}', background=True)
    wait_for('the web server on the 6to4 host', lambda: site.run(f"ss -Hltn 'sport = {port}' | grep -q .")[0] == 0, 20)
    output = sh(f'cd {RUN}\n' + _fetch(f'http://[{site_address}]:{port}/file', size), ns=host_ns, timeout=90)
    return _transferred('download from the 6to4 host', original.split()[0], output)


def _listens(ns, port):
    return run(['ss', '-Hltn', f'sport = {port}'], ns).stdout.strip()
