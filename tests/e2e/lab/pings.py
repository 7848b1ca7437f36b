# SPDX-License-Identifier: BSD-3-Clause
"""Echo requests at a steady rate while something else happens, and how many of them were not answered."""

import contextlib
import re
import signal

from .net import LabError, Process, wait_for


class Pings:
    def __init__(self, ns, address, interval=0.02, options=()):
        self.process = Process(f'pings-{ns}', ['ping', '-n', '-i', interval, *options, address], ns=ns)
        wait_for(f'an answer from {address}', lambda: self.process.check_alive() and self._answered())

    def _answered(self):
        return {int(n) for n in re.findall(r'icmp_seq=(\d+) ttl', self.process.log())}

    def lost(self):
        """Ends it. What is under way at the end is not lost: it does not count."""
        known = len(self._answered())
        try:
            wait_for('answers to what is sent now', lambda: self.process.check_alive()
                     and len(self._answered()) >= known + 3)
        except LabError:
            raise LabError(f'{self.process.name}: no answers any more\n{self.process.log()[-2000:]}') from None
        finally:
            self.process.signal(signal.SIGINT)
            with contextlib.suppress(LabError):
                self.process.wait(10)
            self.process.stop()
        answered = self._answered()
        return max(answered) - len(answered)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()
