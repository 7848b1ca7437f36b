/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: what passed, what was lost, links. */
#include <string.h>

#include "control/metrics.h"
#include "control/show.h"

struct port_family {
	enum ts_metric_type type;
	const char *name, *help;
	size_t at; /* of a uint64_t in struct ts_port_figures */
};

#define FIGURE(type_, name_, field, help_)                                                                             \
	{                                                                                                              \
		.type = TS_METRIC_##type_, .name = name_, .help = help_, .at = offsetof(struct ts_port_figures, field) \
	}

static const struct port_family families[] = {
	FIGURE(COUNTER, "port_rx_packets", sum.rx_packets, "frames received"),
	FIGURE(COUNTER, "port_rx_bytes", sum.rx_bytes, "their bytes, Ethernet headers included"),
	FIGURE(COUNTER, "port_tx_packets", sum.tx_packets, "frames that the port took for sending"),
	FIGURE(COUNTER, "port_tx_bytes", sum.tx_bytes, "their bytes, Ethernet headers included"),
	FIGURE(COUNTER, "port_tx_refused", sum.tx_refused, "frames that the port did not take"),
	FIGURE(COUNTER, "port_rx_missed", rx_missed, "frames lost because the workers were too slow"),
	FIGURE(COUNTER, "port_rx_no_buffer", rx_nombuf, "frames lost because there was no packet buffer"),
};

static void
port_sample(struct ts_metrics *m, const struct ts_control *c, unsigned port)
{
	ts_metrics_sample(m);
	ts_metrics_label(m, "port", c->ports.port[port].name);
}

void
ts_metrics_ports(struct ts_metrics *m, const struct ts_control *c)
{
	struct ts_port_figures f[TS_MAX_PORTS];
	uint64_t value;

	for (unsigned p = 0; p < c->ports.n; p++)
		ts_port_figures(c, p, &f[p]);
	for (unsigned i = 0; i < RTE_DIM(families); i++) {
		ts_metrics_family(m, families[i].type, families[i].name, families[i].help);
		for (unsigned p = 0; p < c->ports.n; p++) {
			memcpy(&value, (const char *)&f[p] + families[i].at, sizeof(value));
			port_sample(m, c, p);
			ts_metrics_uint(m, value);
		}
	}
	ts_metrics_family(m, TS_METRIC_GAUGE, "port_link", "1 if the link is up");
	for (unsigned p = 0; p < c->ports.n; p++) {
		port_sample(m, c, p);
		ts_metrics_uint(m, f[p].link);
	}
	ts_metrics_family(
		m, TS_METRIC_GAUGE, "port_speed_bytes", "bytes a second that the link carries; not there if unknown");
	for (unsigned p = 0; p < c->ports.n; p++) {
		if (f[p].speed_mbps < 0)
			continue;
		port_sample(m, c, p);
		ts_metrics_uint(m, (uint64_t)f[p].speed_mbps * 125000);
	}
}
