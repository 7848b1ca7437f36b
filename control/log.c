/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One message is one write, so that lines of several threads and processes do not mix.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void
ts_log(const char *fmt, ...)
{
	char line[1024];
	size_t max = sizeof(line) - 1;
	int n = snprintf(line, max, "tsunagid: ");
	va_list ap;
	int m;

	va_start(ap, fmt);
	m = vsnprintf(line + n, max - n, fmt, ap);
	va_end(ap);
	if (m < 0)
		return;
	n = (size_t)(n + m) < max ? n + m : (int)max - 1;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say so */
}
