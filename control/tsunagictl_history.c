/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `tsunagictl show history` for people: a line per series, with the newest figure, mean and peak of the span, and a
 * small graph from its beginning to its end. What nobody counted is no zero: it is a dash, or blank in the graph.
 */
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "tsunagictl.h"

#define COLUMNS 48
#define LEVELS 8

struct series {
	double now, mean, peak; /* NaN: not known */
	double column[COLUMNS]; /* the greatest mean of each part of the span */
};

/* What is not known is less than anything. */
static double
greater(double a, double b)
{
	return isnan(a) || b > a ? b : a;
}

static double
number(const json_t *list, size_t i)
{
	const json_t *v = json_array_get(list, i);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static void
sum_up(json_t *object, struct series *s)
{
	json_t *mean = json_object_get(object, "mean"), *peak = json_object_get(object, "peak");
	size_t n = json_array_size(mean), known = 0;
	double sum = 0;

	s->peak = s->now = NAN;
	for (unsigned i = 0; i < COLUMNS; i++)
		s->column[i] = NAN;
	for (size_t i = 0; i < n; i++) {
		double v = number(mean, i);

		s->peak = greater(s->peak, number(peak, i));
		s->now = v;
		s->column[i * COLUMNS / n] = greater(s->column[i * COLUMNS / n], v);
		if (isnan(v))
			continue;
		sum += v;
		known++;
	}
	s->mean = known != 0 ? sum / (double)known : NAN;
}

/* Four digits at most, so that lines stay beside each other. */
static void
print_number(double v)
{
	static const char prefixes[] = " kMGTP";
	unsigned p = 0;

	if (isnan(v)) {
		printf("  %7s", "-");
		return;
	}
	for (; v >= 999.5 && prefixes[p + 1] != '\0'; p++)
		v /= 1000;
	printf("  %6.*f%c", v >= 99.95 || (p == 0 && v == (double)(long long)v) ? 0 : 1, v, prefixes[p]);
}

static void
print_graph(const struct series *s)
{
	static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[LEVELS] = {"_", ".", "-", "=", "+", "*", "#", "@"};
	const char *const *signs = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? blocks : plain;
	double most = 0;

	for (unsigned i = 0; i < COLUMNS; i++)
		most = greater(most, s->column[i]);
	for (unsigned i = 0; i < COLUMNS; i++) {
		double v = s->column[i];
		unsigned level = most > 0 && v > 0 ? (unsigned)(v / most * (LEVELS - 1) + 0.999) : 0;

		fputs(isnan(v) ? " " : signs[level], stdout);
	}
}

void
ts_print_history(json_t *answer)
{
	json_t *history = json_object_get(answer, "history"), *series = json_object_get(history, "series"), *one;
	time_t end = (time_t)json_integer_value(json_object_get(history, "end"));
	const char *span = json_string_value(json_object_get(history, "span")), *name;
	char when[32] = "";
	struct tm tm;
	int width = 6;

	setlocale(LC_CTYPE, "");
	if (end != 0 && gmtime_r(&end, &tm) != NULL)
		strftime(when, sizeof(when), ", until %F %T UTC", &tm);
	printf("%s%s, in steps of %d s; per second but for levels\n", span != NULL ? span : "?", when,
		(int)json_integer_value(json_object_get(history, "step_s")));
	json_object_foreach(series, name, one)
		width = (int)strlen(name) > width ? (int)strlen(name) : width;
	printf("%-*s  %7s  %7s  %7s\n", width, "SERIES", "NOW", "MEAN", "PEAK");
	json_object_foreach(series, name, one) {
		struct series s;

		sum_up(one, &s);
		printf("%-*s", width, name);
		print_number(s.now);
		print_number(s.mean);
		print_number(s.peak);
		fputs("  ", stdout);
		print_graph(&s);
		putchar('\n');
	}
}
