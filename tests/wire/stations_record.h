/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two runs of the same program from the same state, and what each did. A run is a child process whose packet memory is
 * its own copy, so that both begin with the same tables, peers, seeds and time, to the bit; it writes records into
 * memory that it shares with its parent, which compares them.
 */
#ifndef TS_TEST_STATIONS_RECORD_H
#define TS_TEST_STATIONS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record;

/* What the runs have in common ends with the process. `room`: bytes of records. */
struct record *record_create(size_t room);
void record_free(struct record *r);

/* Run `run` in a child and wait for it. False, and why, when it did not come to its end. */
bool record_run(struct record *r, void (*run)(struct record *r, void *arg), void *arg, char *why, size_t why_len);

/*
 * For `run`: it has done this. `what` is a constant, for people. A section is where records belong to, for the message
 * about the first difference.
 */
void record_section(struct record *r, unsigned number);
void record_bytes(struct record *r, const char *what, const void *bytes, size_t len);
void record_number(struct record *r, const char *what, uint64_t number);
/* The same as record_bytes(), by its hash alone. */
void record_hash(struct record *r, const char *what, const void *bytes, size_t len);

/* Are both the same? If not, where they differ first. */
bool record_equal(const struct record *a, const struct record *b, char *why, size_t why_len);

#endif
