/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcapng, as much of it as a capture takes: section header, two interface descriptions, enhanced packets
 * (draft-ietf-opsawg-pcapng, 4.1 to 4.3). In the machine's byte order, as the format allows. libpcap writes the older
 * format only, which knows neither comments nor two link types in a file; DPDK's library wants an EAL.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "control/tsunagictl.h"

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101 };
enum { OPT_END = 0, OPT_COMMENT = 1, OPT_IF_NAME = 2, OPT_USERAPPL = 4, OPT_IF_TSRESOL = 9, OPT_DROPCOUNT = 4 };

#define BLOCK_MAX 4096

/* A block under construction; `type` and the two lengths are put in at the end. */
struct block {
	uint32_t len;
	uint8_t bytes[BLOCK_MAX];
};

static void
put(struct block *b, const void *data, uint32_t len)
{
	uint32_t padded = (len + 3) & ~3u;

	if (len == 0 || padded > sizeof(b->bytes) - b->len)
		return;
	memcpy(b->bytes + b->len, data, len);
	memset(b->bytes + b->len + len, 0, padded - len);
	b->len += padded;
}

static void
put32(struct block *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

static void
put_option(struct block *b, uint16_t code, const void *data, uint16_t len)
{
	const uint16_t head[2] = {code, len};

	put(b, head, sizeof(head));
	put(b, data, len);
}

static int
write_block(FILE *out, uint32_t type, const struct block *b)
{
	const uint32_t head[2] = {type, b->len + 12};

	if (fwrite(head, sizeof(head), 1, out) == 1 && fwrite(b->bytes, b->len, 1, out) == 1 &&
		fwrite(&head[1], sizeof(head[1]), 1, out) == 1)
		return 0;
	return -1;
}

static int
write_interface(FILE *out, uint16_t linktype, const char *name, unsigned snap)
{
	const uint16_t head[2] = {linktype, 0};
	const uint8_t nanoseconds = 9;
	struct block b = {0};

	put(&b, head, sizeof(head));
	put32(&b, snap);
	put_option(&b, OPT_IF_NAME, name, (uint16_t)strlen(name));
	put_option(&b, OPT_IF_TSRESOL, &nanoseconds, 1);
	put_option(&b, OPT_END, NULL, 0);
	return write_block(out, BLOCK_INTERFACE, &b);
}

int
ts_pcapng_begin(FILE *out, unsigned snap)
{
	static const char by[] = "tsunagictl " TS_VERSION;
	const uint16_t version[2] = {1, 0};
	const uint64_t unknown = UINT64_MAX;
	struct block b = {0};

	put32(&b, 0x1a2b3c4d);
	put(&b, version, sizeof(version));
	put(&b, &unknown, sizeof(unknown));
	put_option(&b, OPT_USERAPPL, by, sizeof(by) - 1);
	put_option(&b, OPT_END, NULL, 0);
	if (write_block(out, BLOCK_SECTION, &b) != 0 ||
		write_interface(out, LINKTYPE_ETHERNET, "tsunagi-frames", snap) != 0)
		return -1;
	return write_interface(out, LINKTYPE_RAW, "tsunagi-packets", snap);
}

int
ts_pcapng_packet(FILE *out, bool ethernet, unsigned long long time_ns, const unsigned char *data, unsigned len,
	unsigned whole_len, const char *comment, unsigned long long lost_before)
{
	const uint64_t lost = lost_before;
	struct block b = {0};

	put32(&b, ethernet ? 0 : 1);
	put32(&b, (uint32_t)(time_ns >> 32));
	put32(&b, (uint32_t)time_ns);
	put32(&b, len);
	put32(&b, whole_len);
	put(&b, data, len);
	put_option(&b, OPT_COMMENT, comment, (uint16_t)strlen(comment));
	if (lost != 0)
		put_option(&b, OPT_DROPCOUNT, &lost, sizeof(lost));
	put_option(&b, OPT_END, NULL, 0);
	return write_block(out, BLOCK_PACKET, &b);
}
