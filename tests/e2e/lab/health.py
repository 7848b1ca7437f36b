# SPDX-License-Identifier: BSD-3-Clause
"""What a relay says of its health, and what it announces: the routes in its table of the kernel."""

import json
import time

from .net import run, wait_for
from .relay import TSUNAGICTL

V4, V6 = '192.88.99.0/24', '2002::/16'
WITHDRAWN_S = 1.5
BACK_S = 30


_BUSY = 'a worker has not taken the last change yet'


def ctl(lab, *args):
    """What came of it, once the workers have taken the last change: without CPU they may take their time."""
    def done():
        return run([TSUNAGICTL, '-s', lab.relay.socket, *args], check=False, timeout=10)
    return wait_for('the workers to take the last change', lambda: (d := done()) and _BUSY not in d.stdout and d)


def health(lab):
    return json.loads(ctl(lab, '--json', 'health').stdout)['health']


def reasons(lab, prefix):
    entry = next(p for p in health(lab)['prefixes'] if p['prefix'] == prefix)
    return {r['reason'] for r in entry['reasons']}


def table(prefix):
    family = '-6' if ':' in prefix else '-4'
    return run(['ip', '-n', 'relay', family, 'route', 'show', 'table', '6424', 'exact', prefix], check=False).stdout


def announced(prefix):
    return f'{prefix} dev tsunagi0' in table(prefix)


def wait_announced(*prefixes, limit=BACK_S):
    for prefix in prefixes:
        wait_for(f'{prefix} to be announced', lambda p=prefix: announced(p), limit)


def wait_withdrawn(prefix, limit=WITHDRAWN_S):
    """How long it took."""
    began = time.monotonic()
    wait_for(f'{prefix} to be withdrawn', lambda: not announced(prefix), limit, 0.01)
    return time.monotonic() - began
