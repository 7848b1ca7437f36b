/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs and hugepages, looked at before EAL does: it would say the same in words for its developers, or panic.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eal.h"
#include "log.h"
#include "ports.h"

#define HUGEPAGES_DIR "/sys/kernel/mm/hugepages"

static bool
read_line(const char *path, char *buf, size_t len)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (f == NULL)
		return false;
	ok = fgets(buf, (int)len, f) != NULL;
	fclose(f);
	buf[ok ? strcspn(buf, "\n") : 0] = '\0';
	return ok;
}

/* Why this CPU cannot be used: it is absent, offline, or outside what taskset, a cpuset or systemd left us. */
static void
explain_cpu(const char *key, unsigned cpu, char *err, size_t err_len)
{
	char online[256], path[96];

	if (!read_line("/sys/devices/system/cpu/online", online, sizeof(online)))
		snprintf(online, sizeof(online), "0-%ld", sysconf(_SC_NPROCESSORS_ONLN) - 1);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	if (access(path, F_OK) != 0) {
		snprintf(err, err_len, "%s: CPU %u does not exist; this machine has %s", key, cpu, online);
		return;
	}
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
	if (access(path, F_OK) != 0)
		snprintf(err, err_len, "%s: CPU %u is offline; online are %s", key, cpu, online);
	else
		snprintf(err, err_len, "%s: CPU %u is not among those that this process may use (taskset, cpuset)", key,
			cpu);
}

static int
take_cpus(const char *key, const unsigned *cpus, unsigned n, const cpu_set_t *allowed, cpu_set_t *out, char *err,
	size_t err_len)
{
	for (unsigned i = 0; i < n; i++) {
		if (cpus[i] >= CPU_SETSIZE || !CPU_ISSET(cpus[i], allowed)) {
			explain_cpu(key, cpus[i], err, err_len);
			return -1;
		}
		CPU_SET(cpus[i], out);
	}
	return 0;
}

int
ts_eal_check_cpus(const struct ts_config *cfg, cpu_set_t *control, cpu_set_t *all, char *err, size_t err_len)
{
	cpu_set_t allowed, workers;

	CPU_ZERO(control);
	CPU_ZERO(&workers);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		snprintf(err, err_len, "cannot read which CPUs may be used: %s", strerror(errno));
		return -1;
	}
	if (take_cpus("workers.cpus", cfg->workers.cpus, cfg->workers.n_cpus, &allowed, &workers, err, err_len) < 0 ||
		take_cpus("control.cpus", cfg->control.cpus, cfg->control.n_cpus, &allowed, control, err, err_len) < 0)
		return -1;
	if (cfg->control.n_cpus == 0) {
		CPU_XOR(control, &allowed, &workers); /* workers is a subset */
		if (CPU_COUNT(control) == 0)
			*control = allowed;
	}
	CPU_OR(all, control, &workers);
	return 0;
}

/* Free hugepages of all sizes, MiB; *page_kb is the smallest size that this machine has, 0 = none. */
static uint64_t
free_hugepages_mb(uint64_t *page_kb)
{
	DIR *dir = opendir(HUGEPAGES_DIR);
	uint64_t total_kb = 0, kb;
	struct dirent *e;
	char path[512], text[32];

	*page_kb = 0;
	if (dir == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL) {
		if (sscanf(e->d_name, "hugepages-%" SCNu64 "kB", &kb) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES_DIR "/%s/free_hugepages", e->d_name);
		if (read_line(path, text, sizeof(text)))
			total_kb += kb * strtoull(text, NULL, 10);
		if (*page_kb == 0 || kb < *page_kb)
			*page_kb = kb;
	}
	closedir(dir);
	return total_kb / 1024;
}

int
ts_eal_check_hugepages(const struct ts_config *cfg, bool *use, char *err, size_t err_len)
{
	uint32_t needed = ts_memory_needed_mb(cfg);
	uint64_t page_kb, have;

	*use = false;
	if (cfg->memory.hugepages == TS_HUGEPAGES_NO)
		return 0;
	have = free_hugepages_mb(&page_kb);
	*use = have >= needed;
	if (*use)
		return 0;
	if (cfg->memory.hugepages == TS_HUGEPAGES_AUTO) {
		ts_log_warning("warning: %u MiB of hugepages needed, %" PRIu64
			       " MiB free; going on without hugepages, slower",
			needed, have);
		return 0;
	}
	if (page_kb == 0)
		snprintf(err, err_len,
			"memory.hugepages: %u MiB needed, but this kernel has no hugepages; set memory.hugepages to no",
			needed);
	else
		snprintf(err, err_len,
			"memory.hugepages: %u MiB of hugepages needed, %" PRIu64 " MiB free; reserve them with "
			"\"echo %" PRIu64 " > " HUGEPAGES_DIR "/hugepages-%" PRIu64 "kB/nr_hugepages\", "
			"or set memory.hugepages to auto or no",
			needed, have, ((uint64_t)needed * 1024 + page_kb - 1) / page_kb, page_kb);
	return -1;
}
