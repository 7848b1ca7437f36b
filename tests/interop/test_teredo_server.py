# SPDX-License-Identifier: BSD-3-Clause
"""Our Teredo server alone: qualification by both of its addresses, and secure qualification, which Miredo lacks."""

import pytest

from lab.net import RUN, LabError
from teredo import NAT4, OUR_SERVER, TeredoExchange
from teredo_client import TeredoClient

IDENTIFIER, SECRET = b'host.example', b'a shared secret'


class ServerOnly(TeredoExchange):
    def config(self, **keys):
        config = super().config()
        del config['teredo-relay']
        config['teredo-server'].update(keys)
        return config


LAB = ServerOnly


@pytest.fixture(scope='module')
def secure_lab(lab):
    keys = RUN / 'teredo.keys'
    keys.touch(0o600)
    keys.write_text(f'# identifier, secret\n{IDENTIFIER.decode()} hex:{SECRET.hex()}\n')
    lab.restart(lab.config(**{'keys-file': str(keys)}))
    return lab


@pytest.mark.parametrize('address', OUR_SERVER)
def test_qualifies(lab, address):
    """V11, V12: the prefix is always that of the primary address."""
    before = lab.relay.counter('teredo_server_advertisements')
    with TeredoClient('client', address) as client:
        assert client.qualify().startswith('2001:0:c633:6401:')
        assert [f'{NAT4}:{port}' for port in lab.nat.mappings()] == [f'{NAT4}:{client.mapped_port}']
    assert lab.relay.counter('teredo_server_advertisements') == before + 1
    lab.nat.forget()


def test_identifier_without_secure_qualification(lab):
    """V14: it is not repeated."""
    with TeredoClient('client', OUR_SERVER[0]) as client:
        with pytest.raises(LabError, match='wrong authentication'):
            client.qualify(IDENTIFIER)


def test_secure_qualification(secure_lab):
    """V5, V14: the server proves that it knows the secret, too."""
    for address in OUR_SERVER:
        with TeredoClient('client', address) as client:
            assert client.qualify(IDENTIFIER, SECRET)


@pytest.mark.parametrize('identifier, secret, reason', [
    (b'', None, 'auth_fail'), (IDENTIFIER, b'another secret', 'auth_fail'), (b'nobody', SECRET, 'auth_fail')])
def test_secure_qualification_refused(secure_lab, identifier, secret, reason):
    """Counted, and not answered: what is answered is what comes behind it."""
    before = secure_lab.relay.counter(f'drop_teredo_server_{reason}')
    with TeredoClient('client', OUR_SERVER[0]) as client:
        client.solicit(identifier, secret)
        assert client.qualify(IDENTIFIER, SECRET)
    assert secure_lab.relay.counter(f'drop_teredo_server_{reason}') == before + 1
