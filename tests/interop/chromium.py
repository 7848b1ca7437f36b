# SPDX-License-Identifier: BSD-3-Clause
"""Chromium without a window, driven by WebDriver: plain HTTP to chromedriver, which comes with it."""

import base64
import contextlib
import json
import os
import urllib.error
import urllib.request

from lab.net import RUN, LabError, Process, wait_for

PORT = 9515  # in a network namespace of the tests' own
PHONE = {'width': 360, 'height': 740, 'deviceScaleFactor': 2, 'mobile': True}


class Chromium:
    def __init__(self, width=1200, height=900):
        home = RUN / 'chromium'
        home.mkdir(exist_ok=True)
        env = {**os.environ, 'HOME': str(home), 'XDG_RUNTIME_DIR': str(home)}
        self.driver = Process('chromedriver', ['chromedriver', f'--port={PORT}'], env=env)
        self.session = None
        try:
            wait_for('chromedriver', self._answers, 30)
            self.session = self._ask('POST', '/session', {'capabilities': {'alwaysMatch': {
                'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'},
                'goog:chromeOptions': {'binary': '/usr/bin/chromium', 'args': [
                    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
                    '--disable-background-networking', '--disable-component-update', '--hide-scrollbars',
                    f'--user-data-dir={home}/profile', f'--window-size={width},{height}']}}}})['sessionId']
        except Exception:
            self.driver.stop()
            raise

    def _answers(self):
        self.driver.check_alive()
        with contextlib.suppress(OSError):
            return self._ask('GET', '/status')['ready']
        return False

    def _ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f'http://127.0.0.1:{PORT}{path}', data, method=method,
                                         headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as e:
            raise LabError(f'{method} {path}: {json.load(e)["value"]["message"]}') from None

    def do(self, path, **body):
        return self._ask('POST', f'/session/{self.session}/{path}', body)

    def cdp(self, command, **params):
        """A command of the DevTools protocol."""
        return self.do('goog/cdp/execute', cmd=command, params=params)

    def open(self, url):
        self.do('url', url=url)

    def script(self, text):
        """What the script returns."""
        return self.do('execute/sync', script=text, args=[])

    def html(self):
        """The document as it is, also without script."""
        root = self.cdp('DOM.getDocument', depth=0)['root']['nodeId']
        return self.cdp('DOM.getOuterHTML', nodeId=root)['outerHTML']

    def log(self, kind):
        return self.do('se/log', type=kind)

    def requests(self):
        """The URLs that were asked for since the last time."""
        events = [json.loads(entry['message'])['message'] for entry in self.log('performance')]
        return [e['params']['request']['url'] for e in events if e['method'] == 'Network.requestWillBeSent']

    def screenshot(self):
        """All of the page, PNG."""
        size = self.cdp('Page.getLayoutMetrics')['cssContentSize']
        clip = {'x': 0, 'y': 0, 'width': size['width'], 'height': size['height'], 'scale': 1}
        return base64.b64decode(self.cdp('Page.captureScreenshot', captureBeyondViewport=True, clip=clip)['data'])

    def close(self):
        with contextlib.suppress(LabError, OSError):
            if self.session:
                self._ask('DELETE', f'/session/{self.session}')
        self.driver.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
