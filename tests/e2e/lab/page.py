# SPDX-License-Identifier: BSD-3-Clause
"""The smallest lab with a status page: the relay and the probe, no BGP; and what HTTP says there."""

import contextlib
import urllib.request

from .exchange import Exchange, add_lan, add_probe
from .net import RUN
from .relay import demo_config

ADDRESS = '127.0.0.1:9464'
URL = f'http://{ADDRESS}/'


def page_config(history=RUN / 'history', **page):
    """The demo's, with `page` in the section status-page."""
    config = demo_config()
    config['http'] = {'listen': [ADDRESS]}
    config['status-page'] = {'history-file': str(history), **page}
    return config


@contextlib.contextmanager
def page_lab(config):
    add_lan()
    add_probe()
    exchange = Exchange()
    with contextlib.closing(exchange):
        exchange.start_relay(config)
        yield exchange


def get(path=''):
    with urllib.request.urlopen(URL + path, timeout=10) as answer:
        return answer.read().decode()
