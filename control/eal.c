/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting and ending EAL: its arguments from the configuration, one running daemon per file prefix, nothing left
 * behind.
 *
 * lcore 0 is the control thread and floats over the control CPUs; worker i is lcore i + 1 on its own CPU (decisions.md
 * 14). The process is confined to these CPUs first: EAL puts its helper threads on what no lcore uses, finds nothing,
 * and falls back to those of lcore 0, which is where they belong.
 *
 * Memory is never shared with other processes (--in-memory; without hugepages EAL refuses that, hence --no-shconf), so
 * no file can outlive a SIGKILL but the telemetry socket, which EAL replaces at the next start. For the same reason EAL
 * no longer notices a second process with this prefix: a lock on the runtime directory does.
 */
#include "eal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <rte_bus_pci.h>
#include <rte_cpuflags.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "dpdk_log.h"
#include "ports.h"

#define MAX_ARGS 64

static unsigned forced_simd;
static int runtime_lock = -1;

struct args {
	char *argv[MAX_ARGS];
	int argc;
};

void
ts_eal_force_simd(unsigned bits)
{
	forced_simd = bits;
}

__attribute__((format(printf, 2, 3))) static void
add_arg(struct args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->argc == MAX_ARGS - 1)
		return;
	va_start(ap, fmt);
	if (vasprintf(&a->argv[a->argc], fmt, ap) >= 0)
		a->argc++;
	va_end(ap);
	a->argv[a->argc] = NULL;
}

static void
free_args(struct args *a)
{
	for (int i = 0; i < a->argc; i++)
		free(a->argv[i]);
}

/* "0@(0,3),1@1,2@2" */
static void
add_lcores(struct args *a, const struct ts_config *cfg, const cpu_set_t *control)
{
	char map[8192];
	size_t n = 0;
	const char *sep = "";

	n += snprintf(map + n, sizeof(map) - n, "0@(");
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, control))
			continue;
		n += snprintf(map + n, sizeof(map) - n, "%s%u", sep, cpu);
		sep = ",";
	}
	n += snprintf(map + n, sizeof(map) - n, ")");
	for (unsigned i = 0; i < cfg->workers.n_cpus; i++)
		n += snprintf(map + n, sizeof(map) - n, ",%u@%u", i + 1, cfg->workers.cpus[i]);
	add_arg(a, "--lcores=%s", map);
}

bool
ts_device_is_pci(const char *devargs)
{
	char name[64];
	struct rte_pci_addr addr;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(devargs, ","), devargs);
	return rte_pci_addr_parse(name, &addr) == 0;
}

void
ts_device_name(const char *devargs, char *name, size_t len)
{
	struct rte_pci_addr addr;

	snprintf(name, len, "%.*s", (int)strcspn(devargs, ","), devargs);
	if (rte_pci_addr_parse(name, &addr) == 0)
		rte_pci_device_name(&addr, name, len);
}

static void
add_device(struct args *a, const char *devargs, bool *any_pci)
{
	if (!ts_device_is_pci(devargs))
		return;
	*any_pci = true;
	add_arg(a, "--allow=%s", devargs);
}

/* Only what the configuration names: a machine's other NICs are not ours to touch. */
static void
add_devices(struct args *a, const struct ts_config *cfg)
{
	bool any_pci = false;

	for (unsigned i = 0; i < cfg->n_ports; i++) {
		for (unsigned m = 0; m < cfg->ports[i].n_members; m++)
			add_device(a, cfg->ports[i].members[m], &any_pci);
		add_device(a, cfg->ports[i].device, &any_pci);
	}
	if (!any_pci)
		add_arg(a, "--no-pci");
}

/* EAL's own limit is 256 bits unless it is told otherwise, and drivers keep to it, too (decisions.md 16). */
static unsigned
simd_bits(void)
{
#ifdef RTE_ARCH_X86
	if (forced_simd == 0 && rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) > 0)
		return 512;
#endif
	return forced_simd;
}

static void
make_args(struct args *a, const struct ts_config *cfg, const cpu_set_t *control, bool hugepages)
{
	add_arg(a, "tsunagid");
	add_lcores(a, cfg, control);
	add_arg(a, "--file-prefix=%s", cfg->control.file_prefix);
	add_arg(a, "--proc-type=primary");
	add_arg(a, "--iova-mode=va");
	add_arg(a, "--log-level=*:warning");
	if (hugepages) {
		add_arg(a, "--in-memory");
	} else {
		add_arg(a, "--no-huge");
		add_arg(a, "--no-shconf");
		add_arg(a, "-m");
		add_arg(a, "%u", ts_memory_needed_mb(cfg));
	}
	if (simd_bits() != 0)
		add_arg(a, "--force-max-simd-bitwidth=%u", simd_bits());
	add_devices(a, cfg);
}

/* Runs after DPDK's own handler, which removes the telemetry socket, as it was registered before. */
static void
remove_runtime_dir(void)
{
	rmdir(rte_eal_get_runtime_dir());
}

static int
lock_runtime_dir(const struct ts_config *cfg, char *err, size_t err_len)
{
	const char *dir = rte_eal_get_runtime_dir();

	runtime_lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (runtime_lock < 0) {
		snprintf(err, err_len, "%s: %s", dir, strerror(errno));
		return -1;
	}
	if (flock(runtime_lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	snprintf(err, err_len,
		"control.file-prefix: another process runs with the prefix \"%s\" (it holds %s); "
		"stop it or choose another prefix",
		cfg->control.file_prefix, dir);
	close(runtime_lock);
	runtime_lock = -1;
	return -1;
}

static int
init_eal(const struct ts_config *cfg, const cpu_set_t *control, bool hugepages, char *err, size_t err_len)
{
	struct args args = {.argc = 0};
	char *argv[MAX_ARGS];
	int ret;

	make_args(&args, cfg, control, hugepages);
	memcpy(argv, args.argv, sizeof(argv)); /* EAL reorders it */
	ret = rte_eal_init(args.argc, argv);
	if (ret < 0)
		snprintf(err, err_len, "DPDK does not start: %s",
			ts_dpdk_log_reason()[0] != '\0' ? ts_dpdk_log_reason() : rte_strerror(rte_errno));
	free_args(&args);
	return ret < 0 ? -1 : 0;
}

int
ts_eal_start(const struct ts_config *cfg, char *err, size_t err_len)
{
	cpu_set_t control, all;
	bool hugepages;

	if (ts_eal_check_cpus(cfg, &control, &all, err, err_len) < 0 ||
		ts_eal_check_hugepages(cfg, &hugepages, err, err_len) < 0)
		return -1;
	if (sched_setaffinity(0, sizeof(all), &all) < 0) {
		snprintf(err, err_len, "workers.cpus: these CPUs cannot be used: %s", strerror(errno));
		return -1;
	}
	if (ts_dpdk_log_open() < 0) {
		snprintf(err, err_len, "no memory for the log");
		return -1;
	}
	ts_dpdk_log_collect();
	atexit(remove_runtime_dir);
	if (init_eal(cfg, &control, hugepages, err, err_len) < 0)
		return -1;
	if (lock_runtime_dir(cfg, err, err_len) < 0) {
		rte_eal_cleanup();
		return -1;
	}
	return 0;
}

void
ts_eal_stop(void)
{
	rte_eal_cleanup();
	ts_dpdk_log_close();
	close(runtime_lock);
	runtime_lock = -1;
}
