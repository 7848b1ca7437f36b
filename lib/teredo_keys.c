/* SPDX-License-Identifier: BSD-3-Clause */
#include "teredo_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>

#define BLANKS " \t\r\n"

struct ts_teredo_key {
	uint8_t id[TS_TEREDO_ID_MAX];
	uint8_t id_len;
	unsigned line;
	struct hmac_sha1_ctx hmac; /* with the secret in it, nothing else yet */
};

struct ts_teredo_keys {
	unsigned references;
	size_t n;
	struct ts_teredo_key **key; /* sorted by identifier; sorting moves no secrets */
};

/* What is being read, so that a fault can be named. */
struct source {
	const char *path;
	unsigned line; /* 0: the file as a whole */
	char *err;
	size_t err_len;
};

__attribute__((format(printf, 2, 3))) static bool
fault(const struct source *s, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (s->line != 0)
		snprintf(s->err, s->err_len, "%s:%u: %s", s->path, s->line, what);
	else
		snprintf(s->err, s->err_len, "%s: %s", s->path, what);
	return false;
}

static int
compare_ids(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Lines last, so that of two equal identifiers the later one comes second. */
static int
compare_keys(const void *va, const void *vb)
{
	const struct ts_teredo_key *a = *(const struct ts_teredo_key *const *)va;
	const struct ts_teredo_key *b = *(const struct ts_teredo_key *const *)vb;
	int order = compare_ids(a->id, a->id_len, b->id, b->id_len);

	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Of a character that is one. */
static unsigned
hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* "hex:" and pairs of digits, or the text itself. The secret's bytes, or 0 after a fault; messages never show it. */
static size_t
read_secret(const struct source *s, const char *word, uint8_t out[TS_TEREDO_SECRET_MAX])
{
	bool hex = strncmp(word, "hex:", 4) == 0;
	const char *digits = word + 4;
	size_t len = hex ? strlen(digits) / 2 : strlen(word);

	if (hex && (strlen(digits) % 2 != 0 || strspn(digits, "0123456789abcdefABCDEF") != strlen(digits)))
		return fault(s, "the secret is not pairs of hexadecimal digits behind \"hex:\"");
	if (len == 0)
		return fault(s, "the secret is empty");
	if (len > TS_TEREDO_SECRET_MAX)
		return fault(s, "the secret has %zu bytes: at most %u are allowed", len, TS_TEREDO_SECRET_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = hex ? (uint8_t)(hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]))
			     : (uint8_t)word[i];
	return len;
}

static struct ts_teredo_key *
new_key(struct ts_teredo_keys *keys, const struct source *s)
{
	struct ts_teredo_key **grown = reallocarray(keys->key, keys->n + 1, sizeof(*grown));

	if (grown != NULL)
		keys->key = grown;
	if (grown == NULL || (grown[keys->n] = calloc(1, sizeof(**grown))) == NULL) {
		fault(s, "out of memory");
		return NULL;
	}
	return grown[keys->n++];
}

static bool
add_key(struct ts_teredo_keys *keys, const struct source *s, const char *id, const char *secret_word)
{
	uint8_t secret[TS_TEREDO_SECRET_MAX];
	size_t id_len = strlen(id), len;
	struct ts_teredo_key *key;

	if (id_len > TS_TEREDO_ID_MAX)
		return fault(s, "the identifier has %zu bytes: at most %u are allowed", id_len, TS_TEREDO_ID_MAX);
	len = read_secret(s, secret_word, secret);
	key = len != 0 ? new_key(keys, s) : NULL;
	if (key != NULL) {
		memcpy(key->id, id, id_len);
		key->id_len = (uint8_t)id_len;
		key->line = s->line;
		hmac_sha1_set_key(&key->hmac, len, secret);
	}
	explicit_bzero(secret, sizeof(secret));
	return key != NULL;
}

static bool
printable(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)line[i] < ' ' && strchr(BLANKS, line[i]) == NULL) || line[i] == 0x7f || line[i] == '\0')
			return false;
	return true;
}

/* `line` is a string of `len` bytes, and is cut into its words. */
static bool
read_line(struct ts_teredo_keys *keys, const struct source *s, char *line, size_t len)
{
	char *rest, *word[3];

	if (!printable(line, len))
		return fault(s, "control characters are not allowed");
	for (unsigned i = 0; i < 3; i++) {
		word[i] = strtok_r(i == 0 ? line : NULL, BLANKS, &rest);
		if (word[i] != NULL && word[i][0] != '#')
			continue;
		if (i == 0)
			return true;
		if (i == 1)
			return fault(s, "the secret is missing: a line is \"IDENTIFIER SECRET\"");
		return add_key(keys, s, word[0], word[1]);
	}
	return fault(s, "more than two words: a line is \"IDENTIFIER SECRET\", both without blanks");
}

static bool
read_lines(struct ts_teredo_keys *keys, struct source *s, FILE *f)
{
	char line[TS_TEREDO_KEYS_MAX_LINE + 2]; /* with the newline and the NUL */
	bool good = true;

	while (good) {
		size_t len = 0;
		int c;

		while ((c = getc_unlocked(f)) != EOF && len < sizeof(line) - 1) {
			line[len++] = (char)c;
			if (c == '\n')
				break;
		}
		line[len] = '\0';
		if (len == 0)
			break;
		s->line++;
		if (len == sizeof(line) - 1 && line[len - 1] != '\n')
			good = fault(s, "the line has more than %u bytes", TS_TEREDO_KEYS_MAX_LINE);
		else
			good = read_line(keys, s, line, len);
	}
	explicit_bzero(line, sizeof(line));
	s->line = good ? 0 : s->line;
	return good && (!ferror(f) || fault(s, "cannot be read: %s", strerror(errno)));
}

/* Sorts them, too. */
static bool
check_whole(struct ts_teredo_keys *keys, struct source *s)
{
	if (keys->n == 0)
		return fault(s, "has no identifier: nobody could use the server");
	qsort(keys->key, keys->n, sizeof(*keys->key), compare_keys);
	for (size_t i = 1; i < keys->n; i++) {
		const struct ts_teredo_key *a = keys->key[i - 1], *b = keys->key[i];

		if (compare_ids(a->id, a->id_len, b->id, b->id_len) != 0)
			continue;
		s->line = b->line;
		return fault(
			s, "the identifier \"%.*s\" is in line %u already", b->id_len, (const char *)b->id, a->line);
	}
	return true;
}

/* Of the file that is open, not of what the path may name by now. */
static bool
check_access(const struct source *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fault(s, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault(s, "is no regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fault(s, "belongs to user %u: secrets have to belong to root or to the user that reads them",
			(unsigned)st.st_uid);
	if ((st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0)
		return fault(s,
			"has mode %04o: group and others must be able neither to read nor to write secrets (chmod 600)",
			(unsigned)(st.st_mode & 07777));
	return true;
}

static bool
load(struct ts_teredo_keys *keys, struct source *s)
{
	/* Opening a FIFO must not wait for its writer: it is refused. */
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char buffer[4096]; /* not stdio's, which would keep what was read */
	bool good;
	FILE *f;

	if (fd < 0)
		return fault(s, "cannot be opened: %s", strerror(errno));
	f = fdopen(fd, "r");
	if (f == NULL) {
		close(fd);
		return fault(s, "cannot be read: %s", strerror(errno));
	}
	setvbuf(f, buffer, _IOFBF, sizeof(buffer));
	good = check_access(s, fd) && read_lines(keys, s, f) && check_whole(keys, s);
	fclose(f);
	explicit_bzero(buffer, sizeof(buffer));
	return good;
}

struct ts_teredo_keys *
ts_teredo_keys_load(const char *path, char *err, size_t err_len)
{
	struct source s = {.path = path, .err = err, .err_len = err_len};
	struct ts_teredo_keys *keys = calloc(1, sizeof(*keys));

	if (keys == NULL) {
		fault(&s, "out of memory");
		return NULL;
	}
	keys->references = 1;
	if (load(keys, &s))
		return keys;
	ts_teredo_keys_put(keys);
	return NULL;
}

struct ts_teredo_keys *
ts_teredo_keys_hold(struct ts_teredo_keys *keys)
{
	keys->references++;
	return keys;
}

void
ts_teredo_keys_put(struct ts_teredo_keys *keys)
{
	if (keys == NULL || --keys->references != 0)
		return;
	for (size_t i = 0; i < keys->n; i++) {
		explicit_bzero(keys->key[i], sizeof(*keys->key[i]));
		free(keys->key[i]);
	}
	free(keys->key);
	free(keys);
}

size_t
ts_teredo_keys_count(const struct ts_teredo_keys *keys)
{
	return keys->n;
}

const struct ts_teredo_key *
ts_teredo_keys_find(const struct ts_teredo_keys *keys, const uint8_t *id, size_t len)
{
	size_t low = 0, high = keys->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ts_teredo_key *key = keys->key[middle];
		int order = compare_ids(id, len, key->id, key->id_len);

		if (order == 0)
			return key;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void
ts_teredo_hmac(const struct ts_teredo_key *key, const struct ts_teredo_part *parts, unsigned n,
	uint8_t out[TS_TEREDO_HMAC_LEN])
{
	struct hmac_sha1_ctx ctx = key->hmac;

	for (unsigned i = 0; i < n; i++)
		hmac_sha1_update(&ctx, parts[i].len, parts[i].bytes);
	hmac_sha1_digest(&ctx, TS_TEREDO_HMAC_LEN, out);
}

bool
ts_teredo_hmac_equal(const uint8_t a[TS_TEREDO_HMAC_LEN], const uint8_t b[TS_TEREDO_HMAC_LEN])
{
	return memeql_sec(a, b, TS_TEREDO_HMAC_LEN) != 0;
}
