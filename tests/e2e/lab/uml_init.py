#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Process 1 of the user-mode-linux guest: mounts what is needed, then runs commands that come over the serial line.

One JSON object a line in each direction: {"script", "limit", "background"} to the guest, {"code", "output"} from it;
the first line from the guest is {"boot": uptime in seconds}. The root is the host's, read-only; /tmp and /run are the
guest's own. The console is left to the kernel's messages.
"""

import json
import os
import signal
import subprocess
import tty

os.environ['PATH'] = '/usr/sbin:/usr/bin:/sbin:/bin'
for kind, where in (('proc', '/proc'), ('sysfs', '/sys'), ('tmpfs', '/tmp')):
    subprocess.run(['mount', '-t', kind, kind, where], check=True)
os.chdir('/tmp')


def run(script, limit):
    with subprocess.Popen(['sh', '-ec', script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as p:
        try:
            output = p.communicate(timeout=limit)[0]
            return {'code': p.returncode, 'output': output.decode(errors='replace')[-60000:]}
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            output = p.communicate()[0]
            return {'code': 124, 'output': output.decode(errors='replace')[-60000:] + f'\nnot done after {limit} s\n'}


def start(script):
    subprocess.Popen(['sh', '-ec', script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL, start_new_session=True)
    return {'code': 0, 'output': ''}


line = os.open('/dev/ttyS0', os.O_RDWR | os.O_NOCTTY)
tty.setraw(line)
with os.fdopen(line, 'rb', buffering=0, closefd=False) as reader:
    def answer(value):
        data = json.dumps(value).encode() + b'\n'
        while data:
            data = data[os.write(line, data):]

    answer({'boot': float(open('/proc/uptime').read().split()[0])})
    pending = b''
    while True:
        chunk = reader.read(4096)
        if not chunk:
            break
        pending += chunk
        while b'\n' in pending:
            request, pending = pending.split(b'\n', 1)
            request = json.loads(request)
            if request['background']:
                answer(start(request['script']))
            else:
                answer(run(request['script'], request['limit']))
# The host closed the line: power off, at once.
with open('/proc/sysrq-trigger', 'w') as trigger:
    trigger.write('o')
signal.pause()
