/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames into the worker's real path (tests/wire/rig.h), then the books of tests/wire/account.h: every frame sent,
 * handed to the kernel, kept or dropped under one name; what is sent well formed; no buffer lost; nothing read behind a
 * packet. The Teredo relay knows one client, the vectors' one, before each input.
 *
 * Input: a byte that chooses the configuration, then frames, each behind two bytes, little endian: bits 0 to 10 its
 * length, 11 and 12 how it is spread over segments, 13 a turn of the workers after it, 14 a second goes by, 15 mend its
 * destination and IPv4 checksum, without which hardly anything random is looked at further.
 *
 * Compiled with -DREPLAY, without libFuzzer, it replays the files that are its arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/account.h"

#define FRAMES_MAX 48
#define LENGTH 0x07ff
#define SEGMENTS(word) ((word) >> 11 & 3)
#define TURN 0x2000
#define SECOND 0x4000
#define MEND 0x8000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* What hangs on DPDK's memory looks lost to LSAN, which does not search there. Lost packets are found by the books. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static struct rig rig;

static void
stop(void)
{
	rig_stop(&rig);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	rig_start(&rig, (*argv)[0], 1000, true);
	rig.guard = true;
	atexit(stop);
	return 0;
}

static void
one_frame(struct account *a, unsigned word, const uint8_t *data, size_t len)
{
	static const size_t segment[] = {0, 61, 64, 256};
	uint8_t frame[LENGTH];

	memcpy(frame, data, len);
	if (word & MEND)
		account_mend(frame, len);
	account_send(a, &rig, frame, len, segment[SEGMENTS(word)]);
	if (word & TURN)
		account_turn(a, &rig);
	if (word & SECOND)
		rig_advance_ms(&rig, 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned configured = ACCOUNT_N_CONFIGS;
	const uint8_t *end = data + size;
	struct account a;
	unsigned n = 0, config;

	if (size < 3)
		return 0;
	/* Another one takes longer than a thousand frames, so most values of the byte mean the first. */
	config = data[0] < 0xf0 ? 0 : data[0] % ACCOUNT_N_CONFIGS;
	if (config != configured)
		account_configure(&rig, config);
	configured = config;
	account_open(&a, &rig);
	account_peer(&a, &rig, true);
	for (data++; end - data >= 2 && n < FRAMES_MAX; n++) {
		unsigned word = data[0] | (unsigned)data[1] << 8;
		size_t len = word & LENGTH;

		data += 2;
		if (len > (size_t)(end - data))
			len = (size_t)(end - data);
		one_frame(&a, word, data, len);
		data += len;
	}
	if (!account_close(&a, &rig)) {
		fprintf(stderr, "fuzz_packet: %s\n", a.why);
		abort();
	}
	return 0;
}

#ifdef REPLAY
static int
replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL) {
		perror(path);
		return 1;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	return LLVMFuzzerTestOneInput(data, n);
}

int
main(int argc, char **argv)
{
	int failed = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
#endif
