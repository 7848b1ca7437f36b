/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's log as a stream of our own.
 *
 * The tricky part is choosing what to quote: a failed probe leaves a cascade in which the driver's own line ("Unable to
 * set TUNSETIFF for ix0: Device or resource busy", a warning) says why, and the bus's and EAL's lines after it only
 * that. So warnings are collected too, and a driver's line that ends in a system error wins over a driver's line
 * without one, and that over EAL's. Drivers also complain about what they can do without (net_tap about a missing
 * qdisc); those lines do not count.
 */
#include "dpdk_log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_log.h>

#include "log.h"

#define REASON_LEN 256

static struct {
	FILE *stream;
	bool collect;
	int weight;
	char reason[REASON_LEN];
} dpdk_log = {.collect = true};

static const char *const harmless[] = {"qdisc", "Disabling rte flow", "TELEMETRY:", "hugepages of size"};

static const char *const causes[] = {": Device or resource busy", ": No such device", ": No such file or directory",
	": Operation not permitted", ": Permission denied", ": Invalid argument", ": Cannot allocate memory",
	": File exists", ":No such device", ":No such file or directory"};

static bool
contains_any(const char *line, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(line, list[i]) != NULL)
			return true;
	return false;
}

static int
weight_of(const char *line)
{
	if (contains_any(line, harmless, RTE_DIM(harmless)))
		return 0;
	if (contains_any(line, causes, RTE_DIM(causes)))
		return 3;
	if (strncmp(line, "EAL:", 4) != 0)
		return rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR ? 2 : 0;
	return 1;
}

static void
take_line(const char *line)
{
	int weight;

	if (!dpdk_log.collect) {
		if (rte_log_cur_msg_loglevel() <= (int)RTE_LOG_ERR)
			ts_log_error("dpdk: %s", line);
		return;
	}
	/* Of equal lines the first: it is nearest to the cause. */
	weight = weight_of(line);
	if (weight <= dpdk_log.weight)
		return;
	dpdk_log.weight = weight;
	snprintf(dpdk_log.reason, sizeof(dpdk_log.reason), "%s", line);
}

/* DPDK flushes after every message, so a chunk holds whole lines. */
static ssize_t
stream_write(void *cookie, const char *buf, size_t len)
{
	char text[1024];
	char *save = NULL;
	size_t n = len < sizeof(text) - 1 ? len : sizeof(text) - 1;

	(void)cookie;
	memcpy(text, buf, n);
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		take_line(line + strspn(line, " "));
	return (ssize_t)len;
}

int
ts_dpdk_log_open(void)
{
	cookie_io_functions_t io = {.write = stream_write};

	dpdk_log.stream = fopencookie(NULL, "w", io);
	if (dpdk_log.stream == NULL)
		return -1;
	if (rte_openlog_stream(dpdk_log.stream) == 0)
		return 0;
	fclose(dpdk_log.stream);
	return -1;
}

void
ts_dpdk_log_close(void)
{
	if (dpdk_log.stream == NULL)
		return;
	rte_openlog_stream(NULL);
	fclose(dpdk_log.stream);
	dpdk_log.stream = NULL;
}

void
ts_dpdk_log_collect(void)
{
	dpdk_log.collect = true;
	dpdk_log.weight = 0;
	dpdk_log.reason[0] = '\0';
}

const char *
ts_dpdk_log_reason(void)
{
	return dpdk_log.reason;
}

void
ts_dpdk_log_show(void)
{
	dpdk_log.collect = false;
}
