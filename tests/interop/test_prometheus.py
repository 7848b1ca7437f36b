# SPDX-License-Identifier: BSD-3-Clause
"""A real Prometheus scrapes the relay by config/prometheus as it stands, only faster; promtool reads the page; every
name in the rules and in the Grafana dashboard is one that the relay exports."""

import contextlib
import http.client
import json
import re
import shutil
import urllib.parse

import pytest

from lab.exchange import PEER4, Exchange, add_lan
from lab.net import ROOT, RUN, Process, run, wait_for
from lab.relay import TSUNAGICTL, demo_config

METRICS = ('127.0.0.1', 9464)
PROMETHEUS = ('127.0.0.1', 9090)
RULES = ROOT / 'config/prometheus/tsunagi.rules.yml'
DASHBOARD = ROOT / 'config/grafana/tsunagi.json'
TEXT, OPENMETRICS = 'text/plain; version=0.0.4', 'application/openmetrics-text; version=1.0.0'


class LAB(Exchange):
    """The relay alone: without routes it announces nothing, which is what some alerts are about. Every section
    that has metrics of its own is there."""

    def up(self):
        add_lan()
        config = demo_config()
        config['http'] = {'listen': ['127.0.0.1:9464', '[::1]:9464', 'unix:/run/lab/http.sock']}
        config['teredo-relay'] = {'address': '198.51.100.1', 'peers': 4096}
        config['sflow'] = {'collectors': [{'address': '127.0.0.1'}], 'counter-interval-s': 1}
        config['path-rtt'] = {'enabled': True}
        config['neighbours'] = [{'address': PEER4, 'interface': 'ix0', 'mac': '02:00:00:00:00:04'}]
        self.start_relay(config)
        return self

    def ctl(self, *args):
        return run([TSUNAGICTL, '-s', self.relay.socket, *args])


def get(address, path, **headers):
    connection = http.client.HTTPConnection(*address, timeout=10)
    with contextlib.closing(connection):
        connection.request('GET', path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read().decode()


def api(path, **query):
    answer, body = get(PROMETHEUS, f'/api/v1/{path}?{urllib.parse.urlencode(query)}')
    document = json.loads(body)
    assert answer.status == 200 and document['status'] == 'success', f'{path} {query}: {body}'
    return document['data']


def value(expression):
    """Of the only series, or None."""
    result = api('query', query=expression)['result']
    return float(result[0]['value'][1]) if result else None


@pytest.fixture(scope='module')
def prometheus(lab):
    """Everything happens every second, and nobody waits a minute for an alert."""
    directory = RUN / 'prometheus'
    directory.mkdir()
    for source in (ROOT / 'config/prometheus').glob('*.yml'):
        text = re.sub(r'(scrape_interval|evaluation_interval): \S+', r'\1: 1s', source.read_text())
        (directory / source.name).write_text(re.sub(r'for: \S+', 'for: 1s', text))
    process = Process('prometheus', ['prometheus', f'--config.file={directory}/prometheus.yml',
                                     f'--storage.tsdb.path={directory}/data', '--web.listen-address=127.0.0.1:9090'])

    def ready():
        process.check_alive()
        with contextlib.suppress(OSError, http.client.HTTPException):
            return get(PROMETHEUS, '/-/ready')[0].status == 200
        return False
    try:
        wait_for('Prometheus to be ready', ready, 60)
        yield process
    finally:
        process.stop()
        shutil.rmtree(directory)


def exported(page):
    """Names of samples that the families of the page can have."""
    names = set()
    for name, kind in re.findall(r'^# TYPE (\S+) (\S+)$', page, re.M):
        names |= {name + suffix for suffix in (('_bucket', '_sum', '_count') if kind == 'histogram' else ('',))}
    return names


def used(text):
    return set(re.findall(r'\btsunagi_[a-z0-9_]+', text))


def expressions(node):
    """Every PromQL expression of a Grafana dashboard."""
    if isinstance(node, dict):
        yield from (v for k, v in node.items() if k == 'expr')
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from expressions(item)


@pytest.mark.parametrize('accept, kind', [(None, TEXT), (TEXT, TEXT), (f'{OPENMETRICS},{TEXT};q=0.5', OPENMETRICS)])
def test_formats(lab, accept, kind):
    answer, page = get(METRICS, '/metrics', **({'Accept': accept} if accept else {}))
    assert answer.status == 200
    assert answer.headers['Content-Type'] == f'{kind}; charset=utf-8'
    assert page.endswith('# EOF\n') == (kind == OPENMETRICS)


def test_promtool(lab):
    page = get(METRICS, '/metrics')[1]
    (RUN / 'page.txt').write_text(page)
    assert run(['sh', '-c', f'promtool check metrics <{RUN}/page.txt']).stdout == ''


def test_rules():
    run(['promtool', 'check', 'config', ROOT / 'config/prometheus/prometheus.yml'])
    run(['promtool', 'check', 'rules', RULES])
    run(['promtool', 'test', 'rules', ROOT / 'config/prometheus/tsunagi.rules.test.yml'])


def test_names(lab):
    names = exported(get(METRICS, '/metrics')[1])
    for path in RULES, DASHBOARD:
        assert used(path.read_text()) <= names, f'{path.name} has names that the relay does not export'


def test_no_address_of_anybody(lab):
    """O24: prefixes that are announced and MAC addresses of neighbours are bounded; no other address is there."""
    page = re.sub(r'(prefix|mac)="[^"]*"', '', get(METRICS, '/metrics')[1])
    assert not re.search(r'="[^"]*(\d+\.\d+\.\d+\.\d+|[0-9a-f]*::|([0-9a-f]+:){3})', page)


def test_other_listeners(lab):
    assert get(('::1', 9464), '/metrics')[0].status == 200
    done = run(['curl', '-s', '--unix-socket', '/run/lab/http.sock', 'http://x/metrics'])
    assert 'tsunagi_build_info' in done.stdout


def test_a_slow_client_does_not_stop_the_relay(lab):
    """Half a request and a page that nobody takes; the control socket is served by the same thread."""
    with contextlib.ExitStack() as stack:
        for request in b'GET /metr', b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n':
            connection = stack.enter_context(contextlib.closing(http.client.HTTPConnection(*METRICS)))
            connection.connect()
            connection.sock.sendall(request)
        for _ in range(5):
            assert lab.relay.show('counters')


def test_scraped(lab, prometheus):
    wait_for('the relay to be scraped', lambda: value('up{job="tsunagi"}') == 1, 30)
    targets = api('targets')['activeTargets']
    assert [(t['health'], t['lastError']) for t in targets] == [('up', '')]
    before = lab.relay.counter('rx_packets')
    wait_for('the counter in Prometheus', lambda: (value('sum(tsunagi_rx_packets_total)') or -1) >= before, 30)
    assert value('tsunagi_worker_turns_total') > 0
    assert value('tsunagi_port_link{port="ix"}') == 1


def test_page_is_made_quickly(lab, prometheus):
    """The control thread does nothing else meanwhile; this is one worker on a busy machine."""
    wait_for('a figure', lambda: value('min_over_time(tsunagi_metrics_seconds[1m])'), 30)
    assert value('min_over_time(tsunagi_metrics_seconds[1m])') < 0.01


def firing():
    return {a['labels']['alertname'] for a in api('alerts')['alerts'] if a['state'] == 'firing'}


def test_alerts(lab, prometheus):
    wait_for('the alert about a prefix without routes', lambda: 'TsunagiPrefixWithheld' in firing(), 60)
    assert 'TsunagiDrained' not in firing()
    lab.ctl('drain')
    wait_for('the alert about a drained relay', lambda: 'TsunagiDrained' in firing(), 60)
    lab.ctl('resume')
    wait_for('the end of it', lambda: 'TsunagiDrained' not in firing(), 60)
    assert 'TsunagiDown' not in firing()


def test_dashboard(lab, prometheus):
    """Every expression has an answer although there is no traffic, but those that leave out what is zero."""
    queries = [e.replace('$instance', '.*').replace('$__rate_interval', '10s')
               for e in expressions(json.loads(DASHBOARD.read_text()))]
    assert len(queries) > 60
    empty = [q for q in queries if not api('query', query=q)['result']]
    assert [q for q in empty if '> 0' not in q] == []


def test_what_the_dashboard_is_for(lab, prometheus):
    """Of the panels that need their section: figures, not only names."""
    assert value('sum(tsunagi_sflow_samples_total{kind="counters"})') > 0
    assert len(api('query', query='tsunagi_neighbour_rx_bytes_total{mac="other"}')['result']) == 1
    assert value('count(tsunagi_path_rtt_seconds_count)') == 4 * 3  # mechanisms, and sides of each


def test_stop_and_alert(lab, prometheus):
    assert lab.relay.stop() == 0
    wait_for('the alert about a relay that is gone', lambda: 'TsunagiDown' in firing(), 60)
    assert not (RUN / 'http.sock').exists()
