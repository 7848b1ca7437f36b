# SPDX-License-Identifier: BSD-3-Clause
"""embed.py FILE... OUTPUT: the files as a C source that defines ts_page_files of control/status_priv.h.

What is text for whoever reads the source, comments and indentation, stays behind. The ETag of each (RFC 9110 8.8.3) is
made of what is left.
"""

import hashlib
import pathlib
import re
import sys

TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
}


def slim(path):
    text = path.read_text(encoding='utf-8')
    if path.suffix in ('.html', '.svg'):
        text = re.sub(r'<!--.*?-->\n?', '', text, flags=re.DOTALL)
    else:
        text = re.sub(r'^\s*/\*.*?\*/\n?', '', text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r'^[ \t]+', '', text, flags=re.MULTILINE).lstrip()


def literal(text):
    data = text.encode()
    lines = [data[i:i + 24] for i in range(0, len(data), 24)]
    return '\n'.join('\t"' + ''.join(f'\\{byte:03o}' for byte in line) + '"' for line in lines)


def main():
    *names, output = sys.argv[1:]
    parts = ['#include "control/status_priv.h"\n\nconst struct ts_page_file ts_page_files[] = {\n']
    for path in map(pathlib.Path, names):
        text = slim(path)
        etag = hashlib.sha256(text.encode()).hexdigest()[:24]
        parts.append(f'{{"{path.name}", "{TYPES[path.suffix]}", "\\"{etag}\\"",\n'
                     f'{literal(text)}, {len(text.encode())}}},\n')
    parts.append('{0}};\n')
    pathlib.Path(output).write_text(''.join(parts))


main()
