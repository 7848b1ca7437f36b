# SPDX-License-Identifier: BSD-3-Clause
"""A full table's worth of prefixes, always the same, and the BIRD that announces them to the relay."""

import ipaddress
import random

from lab.net import RUN

ROUTES4, ROUTES6, GATEWAYS = 950_000, 220_000, 8
# Nothing that the relay refuses as an embedded address, and nothing of the lab's own.
NOT_FIRST = {10, 100, 127, 169, 172, 192, 198, 203}
LENGTHS4 = [24] * 62 + [23] * 11 + [22] * 12 + [21] * 5 + [20] * 5 + [19] * 3 + [18, 16]
LENGTHS6 = [48] * 50 + [44] * 12 + [40] * 10 + [36] * 6 + [32] * 16 + [29] * 6


def gateway4(k):
    return f'198.51.100.{100 + k}'


def gateway6(k):
    return f'2001:db8:100::{100 + k}'


def mac(family, k):
    return f'02:00:00:00:0{family}:{k:02x}'


def prefixes4(seed=4, n=ROUTES4):
    """{(address, length)} as numbers, without another of its length and address."""
    rng, seen = random.Random(seed), {}
    first = [o for o in range(1, 224) if o not in NOT_FIRST]
    while len(seen) < n:
        length = rng.choice(LENGTHS4)
        address = rng.choice(first) << 24 | rng.getrandbits(24)
        seen[address >> (32 - length) << (32 - length), length] = rng.randrange(GATEWAYS)
    return seen


def prefixes6(seed=6, n=ROUTES6):
    rng, seen = random.Random(seed), {}
    allocations = [(0x2400 + rng.randrange(0x800)) << 112 | rng.getrandbits(16) << 96 for _ in range(60000)]
    while len(seen) < n:
        length = rng.choice(LENGTHS6)
        address = rng.choice(allocations) | rng.getrandbits(16) << 80
        seen[address >> (128 - length) << (128 - length), length] = rng.randrange(GATEWAYS)
    return seen


def text4(prefix):
    return f'{ipaddress.IPv4Address(prefix[0])}/{prefix[1]}'


def text6(prefix):
    return f'{ipaddress.IPv6Address(prefix[0])}/{prefix[1]}'


def inside(rng, prefix, bits):
    """An address in it that is not its first."""
    return prefix[0] | rng.getrandbits(bits - prefix[1]) | 1


def _static(name, family, routes):
    return f'protocol static {name} {{\n\tipv{family};\n' + ''.join(f'\troute {r} via {g};\n' for r, g in routes) + '}\n'


def _bgp(family, local, asn, neighbour, remote_asn, policy, more=''):
    return f'''protocol bgp bgp{family} {{
	local {local} as {asn};
	neighbor {neighbour} as {remote_asn};
	connect delay time 1; connect retry time 2; error wait time 1, 10;
	{more}
	ipv{family} {{ {policy} }};
}}
'''


HEAD = 'log stderr all;\nrouter id {};\nprotocol device {{ scan time 30; }}\n'


def peer_config(name, address4, address6, asn, routes4, routes6):
    """Announces {prefix: gateway number}, by gateways that are neighbours of the relay, too. Nothing begins before it is
    enabled."""
    text = HEAD.format(address4)
    text += _static('nets4', 4, ((text4(p), gateway4(k)) for p, k in routes4.items()))
    text += _static('nets6', 6, ((text6(p), gateway6(k)) for p, k in routes6.items()))
    policy = 'import none; export where source = RTS_STATIC; next hop keep;'
    text += _bgp(4, address4, asn, '198.51.100.1', 64500, policy, 'disabled;')
    text += _bgp(6, address6, asn, '2001:db8:100::1', 64500, policy, 'disabled;')
    path = RUN / f'{name}.conf'
    path.write_text(text)
    return path


def other_config(path=RUN / 'other.conf'):
    """A neighbour with BFD and nothing to say."""
    path.write_text(HEAD.format('198.51.100.6') + '''protocol bfd {
	interface "*" { min rx interval 100 ms; min tx interval 100 ms; idle tx interval 1 s; multiplier 3; };
}
''' + _bgp(4, '198.51.100.6', 64506, '198.51.100.1', 64500, 'import none; export none;', 'bfd on; hold time 9;'))
    return path


def relay_config(peers, path=RUN / 'relay.conf'):
    """`peers`: (name, IPv4, IPv6, AS, preference). What they say goes into the kernel's main table."""
    text = HEAD.format('198.51.100.1') + '''protocol bfd {
	interface "*" { min rx interval 100 ms; min tx interval 100 ms; idle tx interval 1 s; multiplier 3; };
}
protocol kernel kernel4 { scan time 600; ipv4 { export where source = RTS_BGP; }; }
protocol kernel kernel6 { scan time 600; ipv6 { export where source = RTS_BGP; }; }
''' + _bgp(4, '198.51.100.1', 64500, '198.51.100.6', 64506, 'import none; export none;', 'bfd on; hold time 9;')
    text = text.replace('protocol bgp bgp4', 'protocol bgp peer6')
    for name, address4, address6, asn, preference in peers:
        policy = f'preference {preference}; import all; export none;'
        for family, local, address in (4, '198.51.100.1', address4), (6, '2001:db8:100::1', address6):
            text += _bgp(family, local, 64500, address, asn, policy).replace(f'bgp bgp{family}', f'bgp {name}_{family}')
    path.write_text(text)
    return path


def frr_config(address4, address6, asn):
    """The relay's FRR: one neighbour of each family, routes to tsunagid by FPM."""
    return f'''frr version 8.4
frr defaults datacenter
fpm address 127.0.0.1
router bgp 64500
 bgp router-id 198.51.100.1
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor {address4} remote-as {asn}
 neighbor {address4} timers connect 2
 neighbor {address6} remote-as {asn}
 neighbor {address6} timers connect 2
 address-family ipv4 unicast
  neighbor {address4} activate
 exit-address-family
 address-family ipv6 unicast
  neighbor {address6} activate
 exit-address-family
'''
