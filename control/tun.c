/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IFF_TUN_EXCL makes the kernel refuse a name that is taken, where it would otherwise attach to a persistent TAP of
 * somebody else. No virtio header and no offloads: the kernel segments and checksums before the frame reaches us.
 */
#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void
explain(const char *name, char *err, size_t err_len)
{
	if (errno == EBUSY)
		snprintf(err, err_len, "a network device named %s exists already in this network namespace", name);
	else if (errno == EPERM)
		snprintf(err, err_len, "no permission to make the network device %s; run as root", name);
	else
		snprintf(err, err_len, "cannot make the network device %s: %s", name, strerror(errno));
}

int
ts_tun_open(const char *name, bool tap, int *ifindex, char *err, size_t err_len)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq ifr = {.ifr_flags = (short)((tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_TUN_EXCL)};

	if (fd < 0) {
		snprintf(err, err_len, "/dev/net/tun: %s", strerror(errno));
		return -1;
	}
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		explain(name, err, err_len);
		goto fail;
	}
	*ifindex = (int)if_nametoindex(name);
	if (ioctl(fd, TUNSETOFFLOAD, 0) < 0 || *ifindex == 0) {
		explain(name, err, err_len);
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

/* Not by TUNGETIFF: every ioctl of a TUN waits for the lock of all network configuration (rtnl), which a routing daemon
 * that loads a table holds for 70 ms and more at a time. */
bool
ts_tun_alive(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) <= 0 || (p.revents & POLLERR) == 0;
}

/* Since Linux 5.0. Where it fails, the device is gone, which ts_tun_alive() tells. */
void
ts_tun_carrier(int fd, bool on)
{
	int carrier = on;

	(void)ioctl(fd, TUNSETCARRIER, &carrier);
}
