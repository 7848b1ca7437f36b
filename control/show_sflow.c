/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sampled export: what it does and what became of it, as an answer and as metrics. A collector's address is no label
 * there (O24); its place in the configuration is.
 */
#include <arpa/inet.h>

#include "control/metrics.h"
#include "control/sflow.h"
#include "control/show.h"

static json_t *
collectors(const struct ts_sflow_stats *st)
{
	const struct ts_cfg_sflow *cfg = st->cfg;
	json_t *list = json_object();
	char text[TS_COLLECTOR_TEXT];

	for (unsigned i = 0; i < cfg->n_collectors; i++)
		json_object_set_new(list, ts_collector_text(&cfg->collectors[i], text),
			json_pack("{s:I, s:I}", "datagrams", (json_int_t)st->collectors[i].datagrams, "send_errors",
				(json_int_t)st->collectors[i].errors));
	return list;
}

void
ts_show_sflow(const struct ts_control *c, const char *arg, struct ts_answer *out)
{
	const struct ts_cfg_sflow *cfg;
	char agent[INET6_ADDRSTRLEN];
	struct ts_sflow_stats st;

	(void)arg;
	if (!ts_sflow_stats(c, &st)) {
		ts_answer_error(c, out, "nothing is sampled: there is no section \"sflow\" in the configuration");
		return;
	}
	cfg = st.cfg;
	inet_ntop(cfg->agent.family, &cfg->agent.v6, agent, sizeof(agent));
	out->whole = json_pack("{s:{s:s, s:I, s:I, s:i, s:I, s:I, s:I, s:o}}", "sflow", "agent", agent, "sub_agent",
		(json_int_t)cfg->sub_agent, "sampling_rate", (json_int_t)cfg->sampling_rate, "header_bytes",
		(int)cfg->header_bytes, "counter_interval_s", (json_int_t)cfg->counter_interval_s, "flow_samples",
		(json_int_t)st.flow_samples, "counter_samples", (json_int_t)st.counter_samples, "collectors",
		collectors(&st));
}

static void
by_collector(struct ts_metrics *m, const struct ts_sflow_stats *st, const char *name, const char *help, bool errors)
{
	ts_metrics_family(m, TS_METRIC_COUNTER, name, help);
	for (unsigned i = 0; i < st->cfg->n_collectors; i++) {
		ts_metrics_sample(m);
		ts_metrics_label_uint(m, "collector", i);
		ts_metrics_uint(m, errors ? st->collectors[i].errors : st->collectors[i].datagrams);
	}
}

static void
by_kind(struct ts_metrics *m, const char *kind, uint64_t value)
{
	ts_metrics_sample(m);
	ts_metrics_label(m, "kind", kind);
	ts_metrics_uint(m, value);
}

void
ts_metrics_sflow(struct ts_metrics *m, const struct ts_control *c)
{
	struct ts_sflow_stats st;

	if (!ts_sflow_stats(c, &st))
		return;
	ts_metrics_family(m, TS_METRIC_COUNTER, "sflow_samples", "samples that were put into datagrams");
	by_kind(m, "flow", st.flow_samples);
	by_kind(m, "counters", st.counter_samples);
	by_collector(m, &st, "sflow_datagrams", "datagrams to the collector of this place in sflow.collectors", false);
	by_collector(m, &st, "sflow_send_errors", "datagrams for it that the kernel did not take", true);
}
