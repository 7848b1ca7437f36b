# SPDX-License-Identifier: BSD-3-Clause
"""The Teredo world without anything of ours: what fails elsewhere does not fail because of NAT, Miredo or routes."""

from lab import checks
from lab.exchange import HOST6
from teredo import MiredoOnly

LAB = MiredoOnly


def test_client_first(lab):
    lab.new_client()
    checks.ping(lab.client, HOST6)


def test_native_host_first(lab):
    checks.ping('host6', lab.new_client())
