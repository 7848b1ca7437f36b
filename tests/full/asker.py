# SPDX-License-Identifier: BSD-3-Clause
"""asker.py SOCKET: asks tsunagid for its version every 10 ms until SIGTERM, then says how often, and the longest time
that an answer took, in seconds. A process of its own, for the test's is large and busy."""

import json
import signal
import socket
import sys
import time


def main():
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    worst, n = 0.0, 0
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
        f = s.makefile('rwb')
        while not stopped:
            start = time.monotonic()
            f.write(b'show version\n')
            f.flush()
            json.loads(f.readline())
            worst = max(worst, time.monotonic() - start)
            n += 1
            time.sleep(0.01)
    print(json.dumps({'n': n, 'worst': worst}), flush=True)


main()
