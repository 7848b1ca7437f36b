/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of sFlow version 5, written from the specification and apart from the encoder: it trusts lengths only after
 * it has compared them with what is there, and fails the test at the first thing that is not as it should be.
 */
#ifndef TS_TEST_SFLOW_READER_H
#define TS_TEST_SFLOW_READER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

struct read_flow {
	uint32_t sequence, source, rate, pool, drops, input, output, frame_len, stripped;
	uint32_t header_len, inner_at; /* inner_at 0: no such record */
	uint8_t header[1400];
};

struct read_counters {
	uint32_t sequence, source;
	uint8_t generic[88];
	char name[64];
};

struct read_datagram {
	uint32_t agent_type, sub_agent, sequence, uptime, n_flows, n_counters;
	uint8_t agent[16];
	struct read_flow flows[16];
	struct read_counters counters[16];
};

struct reading {
	const uint8_t *at, *end;
};

static inline uint32_t
read32(struct reading *r)
{
	uint32_t value;

	assert_true(r->end - r->at >= 4);
	value = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 | (uint32_t)r->at[2] << 8 | r->at[3];
	r->at += 4;
	return value;
}

/* With its padding, which is zeros. */
static inline void
read_bytes(struct reading *r, void *out, uint32_t len)
{
	uint32_t whole = (len + 3) / 4 * 4;

	assert_true(whole <= (size_t)(r->end - r->at));
	memcpy(out, r->at, len);
	for (uint32_t i = len; i < whole; i++)
		assert_int_equal(r->at[i], 0);
	r->at += whole;
}

/* What an opaque of a format holds; the outer reading goes on behind it. */
static inline struct reading
read_opaque(struct reading *r, uint32_t *format)
{
	struct reading in;
	uint32_t len;

	*format = read32(r);
	len = read32(r);
	assert_int_equal(len % 4, 0);
	assert_true(len <= (size_t)(r->end - r->at));
	in.at = r->at;
	in.end = r->at += len;
	return in;
}

static inline void
read_flow_record(struct reading *r, struct read_flow *f)
{
	uint32_t format;
	struct reading in = read_opaque(r, &format);

	if (format == 1) {
		assert_int_equal(read32(&in), 1);
		f->frame_len = read32(&in);
		f->stripped = read32(&in);
		f->header_len = read32(&in);
		assert_true(f->header_len <= sizeof(f->header));
		read_bytes(&in, f->header, f->header_len);
	} else {
		assert_int_equal(format, 1027);
		f->inner_at = read32(&in);
	}
	assert_ptr_equal(in.at, in.end);
}

static inline void
read_flow_sample(struct reading *in, struct read_flow *f)
{
	uint32_t n;

	f->sequence = read32(in);
	f->source = read32(in);
	f->rate = read32(in);
	f->pool = read32(in);
	f->drops = read32(in);
	f->input = read32(in);
	f->output = read32(in);
	for (n = read32(in); n > 0; n--)
		read_flow_record(in, f);
}

static inline void
read_counters_sample(struct reading *in, struct read_counters *c)
{
	struct reading record;
	uint32_t format;

	c->sequence = read32(in);
	c->source = read32(in);
	assert_int_equal(read32(in), 2);
	record = read_opaque(in, &format);
	assert_int_equal(format, 1);
	read_bytes(&record, c->generic, sizeof(c->generic));
	assert_ptr_equal(record.at, record.end);
	record = read_opaque(in, &format);
	assert_int_equal(format, 1005);
	read_bytes(&record, c->name, read32(&record));
	assert_ptr_equal(record.at, record.end);
}

static inline void
read_datagram(const uint8_t *data, size_t len, struct read_datagram *d)
{
	struct reading r = {data, data + len}, in;
	uint32_t n, format;

	memset(d, 0, sizeof(*d));
	assert_int_equal(read32(&r), 5);
	d->agent_type = read32(&r);
	assert_true(d->agent_type == 1 || d->agent_type == 2);
	read_bytes(&r, d->agent, d->agent_type == 1 ? 4 : 16);
	d->sub_agent = read32(&r);
	d->sequence = read32(&r);
	d->uptime = read32(&r);
	for (n = read32(&r); n > 0; n--) {
		in = read_opaque(&r, &format);
		assert_true(format == 1 || format == 2);
		if (format == 1)
			read_flow_sample(&in, &d->flows[d->n_flows++]);
		else
			read_counters_sample(&in, &d->counters[d->n_counters++]);
		assert_ptr_equal(in.at, in.end);
	}
	assert_ptr_equal(r.at, r.end);
}

#endif
