# SPDX-License-Identifier: BSD-3-Clause
"""The status page in a real browser: it loads, its graphs move with traffic, it asks nobody else, and it can be read
on a phone, in the dark, and without script.
"""

import json
import re
import urllib.error
import urllib.request

import pytest
from chromium import PHONE, Chromium
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from lab.exchange import PROBE4, PROBE6, PROBE_6TO4
from lab.net import RUN, run, wait_for
from lab.page import URL, get, page_config, page_lab
from lab.probe import Probe, from_site, tunnelled

STATE = RUN / 'state'
SAMPLE_S = 10  # as long as a figure of the last hour stands for
METRICS = '/run/lab/metrics.sock'
LIMIT_S = 2 * SAMPLE_S + 5


def status_config(**page):
    config = page_config(STATE / 'history', title='Relay <of> "つなぎ" & friends', contact='noc@example.net', **page)
    config['http']['metrics-listen'] = [f'unix:{METRICS}']
    return config


@pytest.fixture(scope='module')
def lab():
    with page_lab(status_config()) as exchange:
        yield exchange


@pytest.fixture(scope='module')
def browser():
    with Chromium() as b:
        yield b


@pytest.fixture
def tab(lab, browser):
    """What the test did to the browser is undone behind it."""
    browser.requests()
    yield browser
    browser.cdp('Emulation.clearDeviceMetricsOverride')
    browser.cdp('Emulation.setEmulatedMedia', features=[])
    browser.cdp('Emulation.setScriptExecutionDisabled', value=False)


@pytest.fixture
def page(tab):
    """The page as a desktop has it."""
    tab.open(URL)
    return tab


def get_json(path):
    return json.loads(get(path))


def send_traffic(lab):
    """Some packets through the 6to4 tunnel, both ways."""
    run(['ip', '-n', 'probe', 'neigh', 'flush', 'dev', 'e0'])
    with Probe(lab) as probe:
        for way in tunnelled(from_site(PROBE6) / UDP(dport=9)), IPv6(src=PROBE6, dst=PROBE_6TO4) / UDP(dport=9):
            probe.ask(way, 'the packet', lambda f: UDP in f and f[UDP].dport == 9)
            for _ in range(200):
                probe.send(way / Raw(bytes(1000)))


def known(values):
    return [v for v in values if v is not None]


def wait_figures(what, condition):
    return wait_for(what, lambda: condition(get_json('history.json')['series']), LIMIT_S, 0.5)


def test_loads(page):
    """Also: no error in the console, nothing asked of others, and light."""
    wait_for('the style sheet', lambda: page.script('return document.styleSheets[0].cssRules.length') > 20, 10)
    assert page.script('return document.title') == 'Relay <of> "つなぎ" & friends'
    assert page.script('return document.querySelector("h1").textContent') == 'Relay <of> "つなぎ" & friends'
    asked = [u for u in page.requests() if not u.startswith(('data:', 'chrome'))]
    assert URL in asked and all(u.startswith(URL) for u in asked), asked
    assert [e for e in page.log('browser') if e['level'] in ('SEVERE', 'WARNING')] == []
    assert '{{' not in get()
    assert sum(len(get(p).encode()) for p in ('', 'page/style.css', 'page/script.js', 'page/icon.svg')) < 60000


def test_graphs_move_with_traffic(lab, page):
    def area():
        return page.script('return (document.querySelector("#traffic path.c0") || {getAttribute: () => ""})'
                           '.getAttribute("d").length')

    wait_figures('the first figures', lambda s: known(s['6to4.in.packets']['mean']))
    before = area()
    send_traffic(lab)
    wait_figures('traffic', lambda s: sum(known(s['6to4.in.packets']['mean'])) * SAMPLE_S >= 200)
    # The page by itself: nothing is clicked or loaded.
    wait_for('the graph of the page to move', lambda: area() > before + 5, LIMIT_S, 0.5)
    peak = page.script('return document.querySelector("#mechanisms tbody tr td:last-child").textContent')
    assert re.fullmatch(r'[\d.]+ kbit/s', peak), peak
    assert '20' in page.script('return document.querySelector("#updated").textContent')
    page.cdp('Input.dispatchMouseEvent', type='mouseMoved', x=600, y=420)
    wait_for('the figures under the pointer',
             lambda: 'UTC' in page.script('return document.querySelector("#readout").textContent'), 10)
    assert [e for e in page.log('browser') if e['level'] in ('SEVERE', 'WARNING')] == []


def test_choices(page):
    for span, unit in ('day', ''), ('month', ''), ('month', 'packets'), ('hour', 'packets'):
        page.script(f'document.querySelector("#choice-{unit or span}").click()')
        if unit and span == 'hour':
            page.script('document.querySelector("#choice-hour").click()')
        wait_for(f'{span} {unit}', lambda s=span, u=unit: page.script(
            'return [...document.querySelectorAll("#choice [aria-current]")].map(a => a.textContent).join()')
            == f'{s},{u or "bits"}', 10)
        assert f'span={span}' in page.script('return location.search')
    page.script('history.back()')
    wait_for('the way back', lambda: page.script('return document.querySelector("#choice [aria-current]").textContent')
             == 'month', 10)


def test_without_script(tab):
    tab.cdp('Emulation.setScriptExecutionDisabled', value=True)
    tab.open(URL + '?span=day&unit=packets')
    html = tab.html()
    assert '<path' in html and 'Packets by mechanism' in html and 'packets/s' in html
    assert '192.88.99.0/24' in html and 'tsunagi' in html


def test_phone(tab):
    tab.cdp('Emulation.setDeviceMetricsOverride', **PHONE)
    tab.open(URL)
    assert tab.script('return document.documentElement.clientWidth') == PHONE['width']
    wide = tab.script('''return [...document.querySelectorAll("body *")].filter(e =>
        e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".wide, svg, .skip"))
        .map(e => e.outerHTML.slice(0, 80))''')
    assert wide == [] and tab.script('return document.documentElement.scrollWidth') <= PHONE['width']
    smallest = tab.script('''return Math.min(...[...document.querySelectorAll("#traffic text")].map(e =>
        parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a))''')
    assert smallest >= 11


CONTRAST = '''
    const rgb = s => s.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = c => rgb(c).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = e => { for (; e; e = e.parentElement) {
        const c = getComputedStyle(e).backgroundColor;
        if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
    const ratio = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
    const words = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg, .hidden, .skip") &&
        [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
    return [Math.min(...words.map(e => ratio(getComputedStyle(e).color, behind(e)))),
        Math.min(...[...document.querySelectorAll("path, .swatch")].map(e => ratio(
            getComputedStyle(e)[e.matches("path") ? "fill" : "backgroundColor"], behind(e.parentElement)))),
        light(getComputedStyle(document.body).backgroundColor)];
'''


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_contrast(tab, scheme):
    """WCAG 2.1: 4.5:1 for text, 3:1 for graphs."""
    tab.cdp('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': scheme}])
    tab.open(URL)
    text, graphs, background = tab.script(CONTRAST)
    assert text >= 4.5 and graphs >= 3, (text, graphs)
    assert background < 0.05 if scheme == 'dark' else background > 0.8


def test_accessible(page):
    """Every graph has a name, every table's header a scope, every heading its level."""
    assert page.script('return [...document.querySelectorAll("svg[role=img]")].every('
                       's => s.getAttribute("aria-label"))')
    assert page.script('return [...document.querySelectorAll("th")].every(t => t.scope)')
    assert page.script('return document.querySelectorAll("h1").length') == 1
    assert page.script('return [...document.querySelectorAll("section")].every(s => '
                       'document.getElementById(s.getAttribute("aria-labelledby")))')
    assert page.script('return document.documentElement.lang') == 'en'


def test_answers_for_programs():
    status = get_json('status.json')
    assert status['mechanisms'].keys() == {'6to4'} and status['ports']['ix']['link'] == 'up'
    assert {p['prefix'] for p in status['health']['prefixes']} == {'192.88.99.0/24', '2002::/16'}
    for span, step, cells in ('hour', 10, 360), ('day', 300, 288), ('month', 3600, 744):
        history = get_json(f'history.json?span={span}')
        assert history['step_s'] == step
        assert all(cells - 1 <= len(v['mean']) == len(v['peak']) <= cells for v in history['series'].values())
    for path in 'nothing', 'page/', 'page/index.html', 'page/../etc/passwd', 'status.json/':
        with pytest.raises(urllib.error.HTTPError) as e:
            get(path)
        assert e.value.code == 404
    assert 'aria-current="true">hour<' in get('?span=<script>&unit=%00')


def test_public_shows_nobody(lab):
    """O29: neither neighbours nor users: no MAC address, and of addresses only the relay's own services."""
    for text in get(), get('status.json'), get('history.json'):
        assert not re.search(r'([0-9a-f]{2}:){5}[0-9a-f]{2}', text, re.IGNORECASE)
        assert not any(a in text for a in (PROBE4, PROBE6, '198.51.100.1/24', 'net_tap'))


def test_metrics_are_elsewhere(lab):
    """With a listener of their own they are there alone, and by neighbour, to the byte."""
    with pytest.raises(urllib.error.HTTPError) as e:
        get('metrics')
    assert e.value.code == 404

    def metrics(name, mac):
        page = run(['curl', '-sf', '--unix-socket', METRICS, 'http://x/metrics']).stdout
        found = re.search(rf'^tsunagi_neighbour_{name}_total{{interface="ix0",mac="{mac}".*}} (\d+)$', page, re.M)
        return int(found[1]) if found else 0
    with Probe(lab) as probe:
        packet = tunnelled(from_site(PROBE6) / UDP(dport=9)) / Raw(bytes(1000))
        probe.ask(packet, 'the packet', lambda f: UDP in f and f[UDP].dport == 9)
        before = metrics('rx_bytes', probe.mac)
        for _ in range(100):
            probe.send(packet)
        wait_for('the packets to be counted',
                 lambda: metrics('rx_bytes', probe.mac) - before >= 100 * (14 + len(packet)), 10)
        assert metrics('tx_packets', probe.mac) > 0
    status = run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', METRICS, 'http://x/']).stdout
    assert status == '404'


def test_files_are_kept(lab):
    """A browser that has them asks whether they are the same, and gets no second copy."""
    for path in 'page/style.css', 'page/script.js', 'page/icon.svg':
        with urllib.request.urlopen(URL + path, timeout=10) as answer:
            etag, cache = answer.headers['ETag'], answer.headers['Cache-Control']
        assert re.fullmatch('"[0-9a-f]{24}"', etag) and cache == 'public, no-cache'
        with pytest.raises(urllib.error.HTTPError) as e:
            urllib.request.urlopen(urllib.request.Request(URL + path, headers={'If-None-Match': etag}), timeout=10)
        assert e.value.code == 304 and e.value.headers['ETag'] == etag
        urllib.request.urlopen(urllib.request.Request(URL + path, headers={'If-None-Match': '"x"'}), timeout=10).close()


def restart(lab, config):
    assert lab.relay.stop() == 0
    lab.start_relay(config)
    run(['ip', '-n', 'probe', 'neigh', 'flush', 'dev', 'e0'])


def test_survives_a_restart_and_a_broken_file(lab):
    """The private page, too."""
    restart(lab, status_config(public=False))
    series = get_json('history.json')['series']
    assert sum(known(series['6to4.in.packets']['mean'])) * SAMPLE_S >= 200
    with Probe(lab) as probe:
        probe.ask(tunnelled(from_site(PROBE6) / UDP(dport=9)), 'the packet', lambda f: UDP in f and f[UDP].dport == 9)
        text = get()
        assert PROBE6 in text and probe.mac in text and '198.51.100.1/24' in text
    assert lab.relay.stop() == 0
    (STATE / 'history').write_bytes(b'nonsense')
    lab.start_relay(status_config())
    assert known(get_json('history.json')['series']['6to4.in.packets']['mean']) in ([], [0.0])
    assert (STATE / 'history.broken').read_bytes() == b'nonsense'
    assert 'history.broken' in lab.relay.process.log()
