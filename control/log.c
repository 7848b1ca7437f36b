/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One message is one write or one datagram, so that lines of several threads and processes do not mix. Nothing waits
 * for the journal: when it does not take a message, standard error gets it.
 */
#include "log.h"
#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#define MESSAGE_LEN 1000
#define JOURNAL "/run/systemd/journal/socket"
#define REFILL_MS 1000

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7}; /* syslog(3) */

static struct {
	pthread_mutex_t lock;
	struct ts_cfg_log cfg;
	struct ts_log_class *classes;
	uint64_t (*clock_ms)(void);
	const char *journal_path;
	int journal; /* -1: not open */
} the_log = {.lock = PTHREAD_MUTEX_INITIALIZER, .cfg = {.level = TS_LOG_INFO}, .journal_path = JOURNAL, .journal = -1};

static uint64_t
now_ms(void)
{
	return the_log.clock_ms != NULL ? the_log.clock_ms() : ts_now_ms();
}

/* systemd says which device and inode of standard error are the journal's, as a child may have another. */
static bool
stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return text != NULL && sscanf(text, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
		st.st_dev == dev && st.st_ino == ino;
}

static bool
to_journal(void)
{
	return the_log.cfg.target == TS_LOG_JOURNAL || (the_log.cfg.target == TS_LOG_AUTO && stderr_is_journal());
}

static bool
open_journal(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (the_log.journal >= 0)
		return true;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", the_log.journal_path);
	the_log.journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (the_log.journal >= 0 && connect(the_log.journal, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return true;
	if (the_log.journal >= 0)
		close(the_log.journal);
	the_log.journal = -1;
	return false;
}

/* Native protocol: a line per field, as no value has a line end. A journal that was restarted is a new socket. */
static bool
send_journal(const struct ts_log_class *class, const char *message)
{
	char fields[MESSAGE_LEN + 256];
	int n = snprintf(fields, sizeof(fields),
		"PRIORITY=%d\nSYSLOG_IDENTIFIER=tsunagid\nCODE_FILE=%s\nCODE_LINE=%u\nMESSAGE=%s\n",
		priorities[class->level], class->file, class->line, message);

	for (unsigned attempt = 0; attempt < 2 && open_journal(); attempt++) {
		if (send(the_log.journal, fields, (size_t)n, MSG_NOSIGNAL) == n)
			return true;
		if (errno == EAGAIN)
			return false;
		close(the_log.journal);
		the_log.journal = -1;
	}
	return false;
}

static void
write_line(char *line, size_t len)
{
	line[len] = '\n';
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return; /* nowhere left to say so */
}

/* What is no UTF-8, which JSON demands, becomes question marks. */
static json_t *
utf8(const char *text)
{
	char plain[MESSAGE_LEN];
	json_t *s = json_string(text);

	if (s != NULL)
		return s;
	snprintf(plain, sizeof(plain), "%s", text);
	for (char *p = plain; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json_string(plain);
}

static void
write_json(const struct ts_log_class *class, const char *message)
{
	char stamp[32], line[2 * MESSAGE_LEN + 256];
	struct timespec t;
	struct tm tm;
	json_t *doc;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(stamp + n, sizeof(stamp) - n, ".%03ldZ", t.tv_nsec / 1000000);
	doc = json_pack("{s:s, s:s, s:s, s:o}", "time", stamp, "level", level_names[class->level], "program",
		"tsunagid", "message", utf8(message));
	n = json_dumpb(doc, line, sizeof(line) - 1, JSON_COMPACT);
	json_decref(doc);
	if (n > 0 && n < sizeof(line))
		write_line(line, n);
}

/* What others wrote may be in a message: it cannot begin a line of its own. */
static void
one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

static void
emit(const struct ts_log_class *class, char *message)
{
	char line[MESSAGE_LEN + 16];

	one_line(message);
	if (to_journal() && send_journal(class, message))
		return;
	if (the_log.cfg.format == TS_LOG_JSON)
		write_json(class, message);
	else
		write_line(line, (size_t)snprintf(line, sizeof(line) - 1, "tsunagid: %s", message));
}

static void
refill(struct ts_log_class *class, uint64_t now)
{
	uint64_t more = (now - class->refilled_ms) / REFILL_MS;

	class->refilled_ms += more * REFILL_MS;
	class->left = more >= TS_LOG_BURST - class->left ? TS_LOG_BURST : class->left + (uint32_t)more;
}

static void
report(struct ts_log_class *class)
{
	char message[MESSAGE_LEN];

	if (class->suppressed == 0)
		return;
	snprintf(message, sizeof(message), "suppressed %llu similar messages: \"%s\"",
		(unsigned long long)class->suppressed, class->format);
	class->suppressed = 0;
	emit(class, message);
}

/* Does the message go out? */
static bool
admit(struct ts_log_class *class, const char *fmt)
{
	uint64_t now = now_ms();

	if (!class->known) {
		class->known = true;
		class->left = TS_LOG_BURST;
		class->refilled_ms = now;
		class->next = the_log.classes;
		the_log.classes = class;
	}
	class->format = fmt;
	refill(class, now);
	if (class->unlimited)
		return true;
	if (class->left == 0) {
		class->suppressed++;
		return false;
	}
	class->left--;
	report(class);
	return true;
}

void
ts_log_write(struct ts_log_class *class, const char *fmt, ...)
{
	char message[MESSAGE_LEN];
	va_list ap;

	pthread_mutex_lock(&the_log.lock);
	if (class->level <= the_log.cfg.level && admit(class, fmt)) {
		va_start(ap, fmt);
		vsnprintf(message, sizeof(message), fmt, ap);
		va_end(ap);
		emit(class, message);
	}
	pthread_mutex_unlock(&the_log.lock);
}

void
ts_log_poll(void)
{
	uint64_t now;

	pthread_mutex_lock(&the_log.lock);
	now = now_ms();
	for (struct ts_log_class *class = the_log.classes; class != NULL; class = class->next) {
		refill(class, now);
		if (class->suppressed == 0 || class->left == 0)
			continue;
		class->left--;
		report(class);
	}
	pthread_mutex_unlock(&the_log.lock);
}

void
ts_log_configure(const struct ts_cfg_log *cfg)
{
	pthread_mutex_lock(&the_log.lock);
	the_log.cfg = *cfg;
	pthread_mutex_unlock(&the_log.lock);
}

void
ts_log_test(uint64_t (*clock_ms)(void), const char *journal)
{
	pthread_mutex_lock(&the_log.lock);
	the_log.clock_ms = clock_ms;
	the_log.journal_path = journal != NULL ? journal : JOURNAL;
	if (the_log.journal >= 0)
		close(the_log.journal);
	the_log.journal = -1;
	pthread_mutex_unlock(&the_log.lock);
}
