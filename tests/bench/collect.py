#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""collect.py --startup FILE [--json FILE PART...]: what scripts/bench measured, as one list.

Each row gets the `sweep` that it belongs to (the part's name ends with it), and start-up time and memory of the daemon
if they were measured. Without --json these two are printed.
"""

import argparse
import json
import pathlib


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--startup', type=pathlib.Path)
    parser.add_argument('--json', type=pathlib.Path)
    parser.add_argument('parts', nargs='*', type=pathlib.Path)
    args = parser.parse_intermixed_args()
    daemon = json.loads(args.startup.read_text()) if args.startup.exists() else {}
    if not args.json:
        memory = f'; {daemon["memory_mb"]:.0f} MiB with full tables and room for a million Teredo peers' \
            if 'memory_mb' in daemon else ''
        print(f'tsunagid: first packet {daemon["startup_s"]:.2f} s after its start{memory}')
        return
    rows = [{**row, **daemon, 'sweep': part.suffix[1:]} for part in args.parts for row in json.loads(part.read_text())]
    args.json.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
