# SPDX-License-Identifier: BSD-3-Clause
"""What an operator may get wrong: each time a message to understand, exit code 1, and nothing left running."""

import os
import re

import pytest

from lab.exchange import add_lan
from lab.net import RUN, Process, has_device, run
from lab.relay import TSUNAGID, Relay, demo_config, write_config

DEMO = demo_config()


@pytest.fixture(scope='module', autouse=True)
def namespaces():
    add_lan()


def changed(path, value):
    """demo.yaml with the value at a path of keys ("ports.0.device") replaced."""
    config = demo_config()
    at = config
    *way, last = [int(k) if k.isdigit() else k for k in path.split('.')]
    for key in way:
        at = at.setdefault(key, {}) if isinstance(at, dict) else at[key]
    at[last] = value
    return config


def check_nothing_left(before):
    assert not has_device('lan', 'ixwire') and not has_device('relay', 'ix0') and not has_device('relay', 'tsunagi0')
    assert not os.path.exists(DEMO['control']['socket'])
    assert set(os.listdir('/dev/shm')) == before[0]
    mine = run(['pgrep', '-x', 'tsunagid'], check=False).stdout
    assert mine == '', mine


def starts_badly(config, expected):
    before = (set(os.listdir('/dev/shm')),)
    path = config if isinstance(config, os.PathLike) else write_config(config, 'bad.yaml')
    process = Process('bad', [TSUNAGID, '-c', path])
    code = process.wait(30)
    text = process.log()
    assert code == 1, text
    assert re.search(expected, text, re.I), text
    assert len(text) < 4000, 'an operator reads this'
    assert 'Segmentation' not in text and 'assert' not in text.lower()
    check_nothing_left(before)
    return text


def fails_check(config, *expected):
    """--check says all that is wrong, each with file and line."""
    path = config if isinstance(config, os.PathLike) else write_config(config, 'bad.yaml')
    done = run([TSUNAGID, '--check', path], check=False)
    assert done.returncode == 1, done.stdout
    for text in expected:
        assert re.search(text, done.stdout, re.I), done.stdout
    assert str(path) in done.stdout
    return done.stdout


def test_no_hugepages():
    free = int(re.search(r'HugePages_Free: *(\d+)', open('/proc/meminfo').read()).group(1))
    if free:
        pytest.skip('expected: this machine has free hugepages')
    starts_badly(changed('memory.hugepages', 'required'), 'hugepage')


def test_device_does_not_exist():
    starts_badly(changed('ports.0.device', '0000:7f:1f.7'), '0000:7f:1f.7')
    starts_badly(changed('ports.0.device', 'net_af_packet0,iface=nosuch0'), 'nosuch0|net_af_packet0')
    starts_badly(changed('ports.0.device', 'net_nonsense0'), 'net_nonsense0')


def test_core_does_not_exist():
    starts_badly(changed('workers.cpus', [511]), r'\b511\b')


def test_namespace_does_not_exist():
    starts_badly(changed('netns', 'nowhere'), 'nowhere')
    starts_badly(changed('ports.0.netns', 'nowhere'), 'nowhere')


def test_address_in_two_mechanisms():
    config = changed('local.addresses', ['198.51.100.1/32'])
    fails_check(config, r'198\.51\.100\.1')
    starts_badly(config, r'198\.51\.100\.1')


def test_service_address_given_twice():
    fails_check(changed('6to4.addresses', ['198.51.100.1', '198.51.100.1']), r'198\.51\.100\.1')


def test_port_taken_by_another_process():
    first = Relay()
    try:
        first.wait_ready()
        second = Process('second', [TSUNAGID, '-c', write_config(changed('control.socket', '/run/lab/other.sock'),
                                                                 'second.yaml')])
        assert second.wait(30) == 1, second.log()
        assert second.log().strip()
        first.process.check_alive()
        assert first.show('ports')
    finally:
        assert first.stop() == 0


def test_yaml_with_tabs():
    path = RUN / 'tabs.yaml'
    path.write_text('netns: relay\nworkers:\n\tcpus: [1]\n')
    assert re.search(r':3\b|line 3', fails_check(path, 'tab'))
    starts_badly(path, 'tab')


def test_empty_file():
    path = RUN / 'empty.yaml'
    path.write_text('')
    fails_check(path, 'empty|nothing|no ')
    starts_badly(path, 'empty|nothing|no ')


@pytest.mark.parametrize('content', [b'a', b'#', b'- ', b'\n', b'[', b'\x00', b'netns: relay\n'],
                         ids=['letters', 'comment', 'list', 'newlines', 'nesting', 'zeros', 'repeated key'])
def test_file_of_10_mb(content):
    path = RUN / 'big.yaml'
    path.write_bytes((content * (10_000_000 // len(content) + 1))[:10_000_000])
    try:
        starts_badly(path, re.escape(str(path)))
    finally:
        path.unlink()


def test_no_such_file():
    starts_badly(RUN / 'nosuch.yaml', 'nosuch.yaml')
    starts_badly(RUN, re.escape(str(RUN)))


def test_unknown_key_and_wrong_values_in_one_go():
    config = changed('interfaces.0.mtu', 'many')
    config['6to4']['anicast'] = True
    config['workers']['burst'] = 100000
    config['tables']['ipv4-routes'] = -1
    text = fails_check(config, 'mtu', 'anicast', 'burst', 'ipv4-routes')
    assert len(re.findall(r'bad\.yaml:\d+', text)) >= 4, text


@pytest.mark.parametrize('arguments', [[], ['--nonsense'], ['-c'], ['--check']], ids=' '.join)
def test_wrong_usage(arguments):
    done = run([TSUNAGID, *arguments], check=False)
    assert done.returncode in (1, 2) and 'usage' in done.stdout.lower(), done.stdout
