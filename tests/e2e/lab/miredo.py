# SPDX-License-Identifier: BSD-3-Clause
"""Miredo, another implementation of Teredo: its client, its server and its relay, each a process in a namespace.

It refuses to keep root's privileges, so it becomes the user that Debian's package has for it; its syslog goes to the
process' log, because there is no syslog here. The client solicits again every 30 s, which is not configurable.
"""

import ipaddress

from .net import RUN, LabError, Process, run, sh, wait_for

TEREDO = ipaddress.IPv6Network('2001::/32')
_DEVICE = 'teredo'


def _start(program, name, ns, **directives):
    """A Miredo program with these directives as its configuration. The path of its PID file cannot be switched off."""
    config = RUN / f'{name}.conf'
    config.write_text(''.join(f'{key} {value}\n' for key, value in directives.items()))
    return Process(name, [program, '-f', '-u', 'miredo', '-c', config, '-p', RUN / f'{name}.pid'], ns=ns)


class MiredoServer:
    """On port 3544 of two addresses that `ns` has. It forwards natively by the routes of `ns`."""

    def __init__(self, ns, primary, secondary):
        self.process = _start('miredo-server', f'miredo-server-{ns}', ns,
                              ServerBindAddress=primary, ServerBindAddress2=secondary)
        wait_for('the Miredo server to listen', lambda: self.process.check_alive() and all(
            run(['ss', '-Hlun', f'src {address}:3544'], ns).stdout for address in (primary, secondary)))

    def stop(self):
        self.process.stop(2)


class MiredoRelay:
    """A router between the native side of `ns` and 2001::/32, on `address` and `port`."""

    def __init__(self, ns, address, port=3545):
        sh('echo 1 >/proc/sys/net/ipv6/conf/all/forwarding', ns=ns)
        self.process = _start('miredo', f'miredo-relay-{ns}', ns, RelayType='cone', InterfaceName=_DEVICE,
                              BindAddress=address, BindPort=port)
        wait_for('the Miredo relay to route', lambda: self.process.check_alive() and run(
            ['ip', '-n', ns, '-6', 'route', 'show', str(TEREDO), 'dev', _DEVICE], check=False).stdout.strip())

    def stop(self):
        self.process.stop(2)


class MiredoHost:
    """The host in `ns` with a Miredo client, once start() is called. Its shell has a /tmp of its own, so that what is
    done in a guest's kernel elsewhere (lab/checks.py) can be done here; and no name server, which would be out of
    reach."""

    def __init__(self, ns):
        self.ns = ns
        self.miredo, self._background = None, []
        self._room = Process(f'room-{ns}', [
            'unshare', '--mount', 'sh', '-ec', '''mount -t tmpfs tmpfs /tmp
                mount --bind /dev/null /etc/resolv.conf
                echo ready
                exec sleep infinity'''], ns=ns)
        wait_for(f'a mount namespace for {ns}', lambda: self._room.check_alive() and 'ready' in self._room.log())

    def _command(self, script):
        return ['nsenter', '--target', str(self._room.pid), '--mount', '--net', '--wd=/tmp', 'sh', '-ec', script]

    def run(self, script, limit=30, background=False):
        """(exit code, output); in the background until stop()."""
        if background:
            self._background.append(Process(f'{self.ns}-{len(self._background)}', self._command(script)))
            return 0, ''
        done = run(self._command(script), check=False, timeout=limit)
        return done.returncode, done.stdout

    def sh(self, script, limit=30):
        code, output = self.run(script, limit)
        if code != 0:
            raise LabError(f'{self.ns}: {script.strip()}: exit {code}\n{output}')
        return output

    def start(self, server, secondary):
        """A client of these two addresses, new or instead of the last."""
        self.stop_miredo()
        self.miredo = _start('miredo', f'miredo-{self.ns}', self.ns, InterfaceName=_DEVICE, ServerAddress=server,
                             ServerAddress2=secondary)

    def address(self):
        """Its Teredo address, once qualified, else None."""
        self.miredo.check_alive()
        found = run(['ip', '-n', self.ns, '-o', '-6', 'addr', 'show', 'dev', _DEVICE, 'scope', 'global'], check=False)
        words = found.stdout.split()
        return words[3].split('/')[0] if found.returncode == 0 and len(words) > 3 else None

    def wait_qualified(self, other_than=None, limit=20):
        """Its Teredo address, when it has one that is not `other_than`."""
        try:
            return wait_for(f'{self.ns} to qualify', lambda: (a := self.address()) != other_than and a, limit)
        except LabError as e:
            raise LabError(f'{e}\n{self.miredo.log()}') from None

    def stop_miredo(self):
        if self.miredo:
            self.miredo.stop(2)
            self.miredo = None

    def stop(self):
        self.stop_miredo()
        for process in self._background:
            process.stop(1)
        self._room.stop(1)
