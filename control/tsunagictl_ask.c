/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection, many requests: for the commands that stay a while. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "control/tsunagictl.h"

static volatile sig_atomic_t interrupted;

static void
on_signal(int signo)
{
	(void)signo;
	interrupted = 1;
}

void
ts_until_interrupted(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool
ts_interrupted(void)
{
	return interrupted != 0;
}

void
ts_pause_ms(unsigned ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&ts, NULL);
}

json_t *
ts_ask(FILE *daemon, const char *socket, const char *fmt, ...)
{
	const char *error;
	char request[1024];
	json_t *answer;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(request, sizeof(request), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(request)) {
		fprintf(stderr, "tsunagictl: too long a request\n");
		return NULL;
	}
	if (send(fileno(daemon), request, (size_t)len, MSG_NOSIGNAL) != len) {
		fprintf(stderr, "tsunagictl: %s: %s\n", socket, strerror(errno));
		return NULL;
	}
	do {
		errno = 0;
		clearerr(daemon);
		answer = json_loadf(daemon, JSON_DISABLE_EOF_CHECK, NULL);
	} while (answer == NULL && errno == EINTR);
	error = answer != NULL ? json_string_value(json_object_get(answer, "error")) : "the answer is cut short";
	if (error == NULL)
		return answer;
	fflush(stdout);
	fprintf(stderr, "tsunagictl: %s: %s\n", socket, error);
	json_decref(answer);
	return NULL;
}

int
ts_number_of(const char *what, const char *text, unsigned long max, unsigned long *out)
{
	char *rest;

	errno = 0;
	*out = strtoul(text, &rest, 10);
	if (*text >= '0' && *text <= '9' && *rest == '\0' && errno == 0 && *out <= max)
		return 0;
	fprintf(stderr, "tsunagictl: %s: \"%s\" is not a number from 0 to %lu\n", what, text, max);
	return 2;
}
