/* SPDX-License-Identifier: BSD-3-Clause */
/* How the status page writes figures. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "control/status_priv.h"

void
ts_put_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

const char *
ts_si(char buf[TS_SI_LEN], double value)
{
	static const char prefixes[] = " kMGTPE";
	unsigned i = 0;

	if (isnan(value)) {
		snprintf(buf, TS_SI_LEN, "–");
		return buf;
	}
	/* What would be rounded to 1000 is 1 of the next prefix. */
	for (; value >= 999.5 && i + 1 < sizeof(prefixes) - 1; i++)
		value /= 1000;
	if (value < 0.005)
		snprintf(buf, TS_SI_LEN, "0");
	else
		snprintf(buf, TS_SI_LEN, "%.*f",
			value >= 99.95 || (i == 0 && value >= 9.95) ? 0
				: value >= 9.995		    ? 1
								    : 2,
			value);
	if (i > 0)
		snprintf(buf + strlen(buf), TS_SI_LEN - strlen(buf), " %c", prefixes[i]);
	return buf;
}

/* A number and its unit stay on one line. */
void
ts_put_rate(FILE *out, double value, const char *unit)
{
	char buf[TS_SI_LEN], *blank;

	ts_si(buf, value);
	blank = strchr(buf, ' ');
	if (isnan(value) || (unit[0] == '\0' && blank == NULL))
		fputs(buf, out);
	else if (blank != NULL)
		fprintf(out, "%.*s <small>%s%s</small>", (int)(blank - buf), buf, blank + 1, unit);
	else
		fprintf(out, "%s <small>%s</small>", buf, unit);
}

void
ts_put_count(FILE *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++)
		fprintf(out, "%s%c", i > 0 && (len - i) % 3 == 0 ? "\u202f" : "", digits[i]);
}

void
ts_put_time(FILE *out, int64_t second, const char *format)
{
	time_t t = (time_t)second;
	char text[64];
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL && strftime(text, sizeof(text), format, &tm) > 0)
		fputs(text, out);
}

void
ts_put_duration(FILE *out, uint64_t seconds)
{
	static const struct {
		uint64_t s;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	unsigned i = 0;

	while (i < 3 && seconds < units[i].s)
		i++;
	fprintf(out, "%" PRIu64 " %s", seconds / units[i].s, units[i].name);
	seconds %= units[i].s;
	if (i < 2 && seconds >= units[i + 1].s)
		fprintf(out, " %" PRIu64 " %s", seconds / units[i + 1].s, units[i + 1].name);
}

const char *
ts_status_unit_name(enum ts_status_unit unit)
{
	return unit == TS_UNIT_BYTES ? "bit/s" : "packets/s";
}

double
ts_status_factor(enum ts_status_unit unit)
{
	return unit == TS_UNIT_BYTES ? 8 : 1;
}

struct ts_status_sums
ts_status_sums(const struct ts_history *h, enum ts_history_span span, unsigned series)
{
	uint32_t now = ts_history_shown(h, TS_HISTORY_HOUR);
	struct ts_status_sums s = {ts_history_cell(h, TS_HISTORY_HOUR, series, now).mean, NAN, NAN};
	double sum = 0;
	unsigned n = 0;

	for (uint32_t age = ts_history_shown(h, span); age < ts_history_geometry[span].cells; age++) {
		struct ts_history_cell cell = ts_history_cell(h, span, series, age);

		if (isnan(cell.mean))
			continue;
		sum += cell.mean;
		n++;
		if (isnan(s.peak) || s.peak < cell.peak)
			s.peak = cell.peak;
	}
	s.mean = n > 0 ? sum / n : NAN;
	return s;
}
