/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 forwarding is on so that neighbour advertisements carry the router flag; that nothing is forwarded all the same
 * is the firewall's work, so the drop comes first and goes last.
 *
 * Some settings need `all` as well as the interface: send_redirects and proxy_arp hold if either is set, rp_filter
 * (O19) is the larger of both, accept_redirects of a host holds if either is set (Documentation/networking/ip-sysctl).
 *
 * Neighbours (O15, O17): none is learned from what nobody asked for (arp_accept, accept_untracked_na). What is known is
 * confirmed by unicast, and by broadcast before it is given up. Gratuitous ARP and unsolicited advertisements are heard
 * on purpose: they are how a neighbour tells of another MAC address, and mirror_claim.c does not take their word for
 * it. Entries live for hours; that is long for the kernel and usual at exchanges.
 */
#include "kernel_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VALUE_LEN 32

struct setting {
	const char *path;
	const char *value;
	bool may_lack; /* older kernels do not have it, nor what it is about */
};

static const struct setting of_namespace[] = {
	{"ipv4/ip_forward", "0", false},
	{"ipv4/conf/all/send_redirects", "0", false},
	{"ipv4/conf/all/accept_redirects", "0", false},
	{"ipv4/conf/all/proxy_arp", "0", false},
	{"ipv4/conf/all/rp_filter", "0", false},
	{"ipv6/conf/all/forwarding", "1", false},
	{"ipv6/conf/all/proxy_ndp", "0", false},
};

/* %s is the twin. Link-local autoconfiguration stays: BGP and ND use link-local addresses. */
static const struct setting of_twin[] = {
	{"ipv4/conf/%s/arp_ignore", "1", false},
	{"ipv4/conf/%s/arp_announce", "2", false},
	{"ipv4/conf/%s/arp_notify", "0", false},
	{"ipv4/conf/%s/proxy_arp", "0", false},
	{"ipv4/conf/%s/send_redirects", "0", false},
	{"ipv4/conf/%s/accept_redirects", "0", false},
	{"ipv4/conf/%s/rp_filter", "0", false},
	{"ipv6/conf/%s/forwarding", "1", false},
	{"ipv6/conf/%s/accept_ra", "0", false},
	{"ipv6/conf/%s/autoconf", "0", false},
	{"ipv6/conf/%s/router_solicitations", "0", false},
	{"ipv6/conf/%s/accept_redirects", "0", false},
	{"ipv6/conf/%s/proxy_ndp", "0", false},
	{"ipv4/conf/%s/proxy_arp_pvlan", "0", false},
	{"ipv4/conf/%s/arp_accept", "0", false},
	{"ipv4/conf/%s/drop_gratuitous_arp", "0", false},
	{"ipv6/conf/%s/drop_unsolicited_na", "0", false},
	{"ipv6/conf/%s/accept_untracked_na", "0", true}, /* since Linux 5.18 */
	{"ipv6/conf/%s/ndisc_notify", "0", false},
	{"ipv4/neigh/%s/base_reachable_time_ms", "1800000", false},
	{"ipv6/neigh/%s/base_reachable_time_ms", "1800000", false},
	{"ipv4/neigh/%s/gc_stale_time", "14400", false},
	{"ipv6/neigh/%s/gc_stale_time", "14400", false},
	{"ipv4/neigh/%s/mcast_resolicit", "3", false},
	{"ipv6/neigh/%s/mcast_resolicit", "3", false},
};

#define N_NAMESPACE (sizeof(of_namespace) / sizeof(of_namespace[0]))
#define N_TWIN (sizeof(of_twin) / sizeof(of_twin[0]))

static char former[N_NAMESPACE][VALUE_LEN];
static unsigned n_applied;
static bool nft_applied;

static ssize_t
read_value(const char *path, char *value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, value, VALUE_LEN - 1);
	close(fd);
	if (n < 0)
		return -errno;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return n;
}

int
ts_sysctl_set(const char *path, const char *value, char *before)
{
	char full[160], now[VALUE_LEN];
	ssize_t n;
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	n = read_value(full, now);
	if (n < 0)
		return (int)n;
	if (before != NULL)
		memcpy(before, now, VALUE_LEN);
	/* Writing, for example, forwarding resets others even when it changes nothing. */
	if (strcmp(now, value) == 0)
		return 0;
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, value, strlen(value));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : 0;
}

int
ts_kernel_settings_apply(char *err, size_t err_len)
{
	int ret;

	if (ts_nft_forward_drop(true, err, err_len) < 0)
		return -1;
	nft_applied = true;
	for (n_applied = 0; n_applied < N_NAMESPACE; n_applied++) {
		const struct setting *s = &of_namespace[n_applied];

		ret = ts_sysctl_set(s->path, s->value, former[n_applied]);
		if (ret < 0) {
			snprintf(err, err_len, "/proc/sys/net/%s: %s", s->path, strerror(-ret));
			ts_kernel_settings_restore();
			return -1;
		}
	}
	return 0;
}

void
ts_kernel_settings_restore(void)
{
	char err[256];

	/* In reverse, as changing ip_forward changes others. */
	while (n_applied > 0) {
		n_applied--;
		ts_sysctl_set(of_namespace[n_applied].path, former[n_applied], NULL);
	}
	if (nft_applied)
		ts_nft_forward_drop(false, err, sizeof(err));
	nft_applied = false;
}

int
ts_kernel_settings_twin(const char *name, char *err, size_t err_len)
{
	char path[96];
	int ret;

	for (size_t i = 0; i < N_TWIN; i++) {
		const char *rest = strstr(of_twin[i].path, "%s") + 2;

		snprintf(
			path, sizeof(path), "%.*s%s%s", (int)(rest - 2 - of_twin[i].path), of_twin[i].path, name, rest);
		ret = ts_sysctl_set(path, of_twin[i].value, NULL);
		if (ret < 0 && !(ret == -ENOENT && of_twin[i].may_lack)) {
			snprintf(err, err_len, "/proc/sys/net/%s: %s", path, strerror(-ret));
			return -1;
		}
	}
	return 0;
}
