# SPDX-License-Identifier: BSD-3-Clause
"""Debian's own kernel with sit and 6rd, under qemu without hardware help (TCG): user-mode-linux is built without 6rd.

It is driven as the user-mode-linux guest is: its root is the host's, read-only, by 9p; process 1 is uml_init.py;
commands go over its first serial line. A busybox initrd loads what is needed to see that root. The kernel's messages go
to the second serial line, whose end is the log.
"""

import os
import pathlib
import shutil
import socket

from .net import RUN, LabError, Process, sh
from .uml import UmlHost

_KERNEL = pathlib.Path(os.environ.get('TS_GUEST_KERNEL', '/var/cache/tsunagi/guest-kernel'))  # scripts/guest-kernel

_INIT = '''#!/bin/busybox sh
for module in {modules}; do
	/bin/busybox insmod /modules/$module || echo "$module failed" >/dev/console
done
/bin/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 root /root
/bin/busybox mount -t devtmpfs dev /root/dev
exec /bin/busybox switch_root /root {init}
'''


def _make_initrd(home, init):
    modules = (_KERNEL / 'order').read_text().split()
    tree = home / 'initrd'
    for name in 'bin', 'dev', 'root', 'modules':
        (tree / name).mkdir(parents=True)
    shutil.copy('/bin/busybox', tree / 'bin/busybox')
    for module in modules:
        shutil.copy(_KERNEL / module, tree / 'modules')
    (tree / 'init').write_text(_INIT.format(modules=' '.join(modules), init=init))
    (tree / 'init').chmod(0o755)
    sh(f'mknod dev/console c 5 1; find . | cpio --quiet -o -H newc >{home}/initrd.cpio', cwd=tree)
    shutil.rmtree(tree)
    return home / 'initrd.cpio'


class QemuHost(UmlHost):
    """Its eth0 is the TAP device `tap`, which is made in `ns`. boot() waits until it takes commands."""

    def __init__(self, name, ns, tap, mac='02:00:00:00:00:6d', memory_mb=192):  # pylint: disable=super-init-not-called
        if not (_KERNEL / 'order').exists():
            raise LabError(f'no kernel in {_KERNEL}: run scripts/guest-kernel')
        self.home = RUN / f'qemu-{name}'
        self.home.mkdir()
        init = self.home / 'init'
        shutil.copy(pathlib.Path(__file__).with_name('uml_init.py'), init)
        initrd = _make_initrd(self.home, init)
        sh(f'ip -n {ns} tuntap add {tap} mode tap; ip -n {ns} link set {tap} up')
        self.line, theirs = socket.socketpair()
        offloads = ','.join(f'{x}=off' for x in ('csum', 'gso', 'guest_csum', 'guest_tso4', 'guest_tso6', 'host_tso4',
                                                 'host_tso6', 'host_ufo', 'guest_ufo', 'mrg_rxbuf'))
        with theirs:
            self.process = Process(f'qemu-{name}', [
                'qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
                '-accel', 'tcg', '-cpu', 'max', '-m', memory_mb, '-smp', 1,
                '-kernel', _KERNEL / 'vmlinuz', '-initrd', initrd,
                '-append', 'console=ttyS1 quiet panic=-1 random.trust_cpu=on mitigations=off',
                '-chardev', f'socket,id=line,fd={theirs.fileno()}', '-serial', 'chardev:line', '-serial', 'stdio',
                '-virtfs', 'local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap',
                '-netdev', f'tap,id=net,ifname={tap},script=no,downscript=no,vhost=off',
                '-device', f'virtio-net-pci,netdev=net,mac={mac},romfile=,{offloads}',
            ], ns=ns, pass_fds=[theirs.fileno()])
        self._pending = b''
        self._prepare = 'ip link set lo up\nip link set eth0 up\n'

    def up_6rd(self, ipv4, gateway, address, prefix, relay_prefix, border_relay):
        """A customer edge of one host (RFC 5969 7.1): `ipv4` is ADDRESS/LENGTH, `address` its IPv6 address in the 6rd
        `prefix`, `relay_prefix` what the IPv4 addresses of the domain have in common."""
        local = ipv4.split('/', maxsplit=1)[0]
        self.sh(f'''ip addr add {ipv4} dev eth0
            ip route add default via {gateway}
            ip tunnel add 6rd mode sit local {local} ttl 64
            ip tunnel 6rd dev 6rd 6rd-prefix {prefix} 6rd-relay_prefix {relay_prefix}
            ip link set 6rd up mtu 1480
            ip -6 addr add {address}/{prefix.split('/')[1]} dev 6rd
            ip -6 route add 2000::/3 via ::{border_relay} dev 6rd''')
