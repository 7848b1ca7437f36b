/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing. A node is spread out into its 256 slots, changed there and put together again; one that needs more lines
 * moves, and its parent's entry with it. A node that no prefix is left in goes, and what covered it stands in the
 * parent again, so after adding and deleting the same prefixes the table takes what it took before.
 */
#include "fib6_index.h"
#include "fib6_node.h"

#include <errno.h>
#include <string.h>

#define SLOTS 256u
#define ROOT_BITS 16u
#define DEPTH_MAX 14 /* levels below the root */

static uint32_t
leaf(uint8_t len, uint16_t nh)
{
	return nh != 0 ? (uint32_t)(len + 1) << 16 | nh : 0;
}

static unsigned
code_of(uint32_t entry)
{
	return entry >> 16;
}

static bool
is_child(uint32_t entry)
{
	return (entry & TS_FIB6_CHILD) != 0;
}

static unsigned
root_slot(const uint8_t *addr)
{
	return (unsigned)addr[0] << 8 | addr[1];
}

/* Where the nodes on the way to a prefix are. */
struct path {
	uint32_t line[DEPTH_MAX];
	unsigned n;
};

static uint32_t *
entry_of(const struct ts_fib6 *f, const struct path *p, const uint8_t *addr, unsigned depth)
{
	struct ts_fib6_node *node;

	if (depth == 0)
		return &f->root[root_slot(addr)];
	node = ts_fib6_node_at(f, p->line[depth - 1]);
	return &node->run[ts_fib6_run_of(node, addr[depth + 1])];
}

/* How deep the node is in which a prefix of this length stands: 0 is the root. */
static unsigned
depth_of(uint8_t len)
{
	return len <= ROOT_BITS ? 0 : (len - ROOT_BITS + 7u) / 8;
}

static void
find_path(const struct ts_fib6 *f, const uint8_t *addr, unsigned depth, struct path *p)
{
	p->n = 0;
	while (p->n < depth) {
		uint32_t entry = *entry_of(f, p, addr, p->n);

		if (!is_child(entry))
			return;
		p->line[p->n++] = ts_fib6_line(entry);
	}
}

static void
spread(const struct ts_fib6_node *node, uint32_t slots[SLOTS])
{
	unsigned run = 0, from = 0;

	for (unsigned word = 0; word < 4; word++) {
		for (uint64_t bits = node->begins[word]; bits != 0; bits &= bits - 1) {
			unsigned at = word * 64 + (unsigned)__builtin_ctzll(bits);

			for (; from < at; from++)
				slots[from] = node->run[run - 1];
			run++;
		}
	}
	for (; from < SLOTS; from++)
		slots[from] = node->run[run - 1];
}

/* `base`: how many bits stand above the node. */
static bool
begins_run(const uint32_t slots[SLOTS], unsigned slot, unsigned base)
{
	uint32_t entry = slots[slot];

	if (slot == 0 || entry != slots[slot - 1])
		return true;
	return entry != 0 && (slot & ((1u << (base + 8 + 1 - code_of(entry))) - 1)) == 0;
}

static unsigned
count_runs(const uint32_t slots[SLOTS], unsigned base, uint64_t begins[4])
{
	unsigned n = 0;

	memset(begins, 0, 4 * sizeof(*begins));
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		if (!begins_run(slots, slot, base))
			continue;
		begins[slot / 64] |= UINT64_C(1) << slot % 64;
		n++;
	}
	return n;
}

static void
put_together(struct ts_fib6_node *node, const uint32_t slots[SLOTS], const uint64_t begins[4])
{
	unsigned n = 0;

	for (unsigned word = 0; word < 4; word++) {
		node->begins[word] = begins[word];
		node->before[word] = (uint8_t)n;
		for (uint64_t bits = begins[word]; bits != 0; bits &= bits - 1)
			node->run[n++] = slots[word * 64 + (unsigned)__builtin_ctzll(bits)];
	}
}

/* A prefix in slots, new or another next hop (del false), or gone: then `entry` is what takes its place. */
struct change {
	unsigned code;
	uint32_t entry;
	bool del;
};

static bool
concerns(const struct change *c, unsigned code)
{
	return c->del ? code == c->code : code <= c->code;
}

static void
change_slots(struct ts_fib6 *f, uint32_t *slots, unsigned n, const struct change *c)
{
	for (unsigned i = 0; i < n; i++) {
		struct ts_fib6_node *node;

		if (!is_child(slots[i])) {
			if (concerns(c, code_of(slots[i])))
				slots[i] = c->entry;
			continue;
		}
		node = ts_fib6_child(f, slots[i]);
		if (concerns(c, node->cover_code)) {
			node->cover = (uint16_t)c->entry;
			node->cover_code = (uint8_t)code_of(c->entry);
		}
	}
}

static unsigned
slot_of(const uint8_t *addr, unsigned depth)
{
	return addr[depth + 1];
}

/* The node at `depth` gets these slots; `spare`: a larger block for it, FIB6_NONE: none is needed. */
static void
write_node(struct ts_fib6 *f, struct path *p, const uint8_t *addr, unsigned depth, const uint32_t slots[SLOTS],
	const uint64_t begins[4], uint32_t spare, unsigned class)
{
	uint32_t line = p->line[depth - 1];
	struct ts_fib6_node *node = ts_fib6_node_at(f, line);

	if (spare != FIB6_NONE) {
		struct ts_fib6_node *larger = ts_fib6_node_at(f, spare);
		uint32_t *at;

		larger->cover = node->cover;
		larger->cover_code = node->cover_code;
		larger->class = (uint8_t) class;
		at = entry_of(f, p, addr, depth - 1);
		*at = (*at & TS_FIB6_INDEXED) | TS_FIB6_CHILD | spare;
		fib6_free(f, line, node->class);
		p->line[depth - 1] = spare;
		node = larger;
	}
	put_together(node, slots, begins);
}

/* Where there is no smaller block the node stays as it is: deleting does not fail. */
static void
shrink(struct ts_fib6 *f, struct path *p, const uint8_t *addr, unsigned depth, const uint32_t slots[SLOTS],
	const uint64_t begins[4], unsigned n_runs)
{
	const struct ts_fib6_node *node = ts_fib6_node_at(f, p->line[depth - 1]);
	unsigned class = fib6_class(n_runs);
	uint32_t spare = class < node->class ? fib6_alloc(f, class) : FIB6_NONE;

	write_node(f, p, addr, depth, slots, begins, spare, class);
}

/* --- setting --- */

/* Nodes that a prefix needs and that are not there: from below `p` to `depth`. */
static int
take_nodes(struct ts_fib6 *f, unsigned n, uint32_t *lines)
{
	for (unsigned i = 0; i < n; i++) {
		lines[i] = fib6_alloc(f, 0);
		if (lines[i] != FIB6_NONE)
			continue;
		while (i > 0)
			fib6_free(f, lines[--i], 0);
		return -ENOSPC;
	}
	return 0;
}

/* A new node of one slot range that differs from the rest: at most three runs. */
static void
make_node(struct ts_fib6 *f, uint32_t line, uint32_t covered, unsigned first, unsigned n, uint32_t entry)
{
	struct ts_fib6_node *node = ts_fib6_node_at(f, line);
	uint32_t slots[SLOTS] = {0};
	uint64_t begins[4] = {1};

	for (unsigned i = first; i < first + n; i++)
		slots[i] = entry;
	begins[first / 64] |= UINT64_C(1) << first % 64;
	if (first + n < SLOTS)
		begins[(first + n) / 64] |= UINT64_C(1) << (first + n) % 64;
	memset(node, 0, TS_FIB6_LINE);
	node->cover = (uint16_t)covered;
	node->cover_code = (uint8_t)code_of(covered);
	put_together(node, slots, begins);
}

/* From the deepest up: each is what its parent's slot leads to. Returns the entry for the first. */
static uint32_t
make_chain(struct ts_fib6 *f, const uint8_t *addr, uint8_t len, uint32_t entry, uint32_t covered, unsigned top,
	const uint32_t *lines, unsigned n)
{
	unsigned slots = 1u << (ROOT_BITS + 8 * depth_of(len) - len);

	for (unsigned i = n; i > 0; i--) {
		make_node(f, lines[i - 1], i == 1 ? covered : 0, slot_of(addr, top + i), slots, entry);
		entry = TS_FIB6_CHILD | lines[i - 1];
		slots = 1;
	}
	return entry;
}

static int
set_in_node(struct ts_fib6 *f, struct path *p, const uint8_t *addr, uint8_t len, uint32_t entry)
{
	struct ts_fib6_node *node = ts_fib6_node_at(f, p->line[p->n - 1]);
	unsigned base = ROOT_BITS + 8 * (p->n - 1), missing = depth_of(len) - p->n, slot = slot_of(addr, p->n);
	uint32_t slots[SLOTS], old[SLOTS], lines[DEPTH_MAX], spare = FIB6_NONE;
	struct change c = {code_of(entry), entry, false};
	uint64_t begins[4];

	spread(node, slots);
	if (missing > 0) { /* only how many runs there will be: any child is a run of its own */
		old[slot] = slots[slot];
		slots[slot] = TS_FIB6_CHILD | (TS_FIB6_CHILD - 1);
	} else {
		unsigned n = 1u << (base + 8 - len);

		memcpy(&old[slot], &slots[slot], n * sizeof(*slots));
		for (unsigned i = slot; i < slot + n; i++)
			if (!is_child(slots[i]) && concerns(&c, code_of(slots[i])))
				slots[i] = entry;
	}

	unsigned class = fib6_class(count_runs(slots, base, begins));

	if (class > node->class) {
		spare = fib6_alloc(f, class);
		if (spare == FIB6_NONE)
			return -ENOSPC;
	}
	if (take_nodes(f, missing, lines) < 0) {
		if (spare != FIB6_NONE)
			fib6_free(f, spare, class);
		return -ENOSPC;
	}
	if (missing > 0)
		slots[slot] = make_chain(f, addr, len, entry, old[slot], p->n, lines, missing);
	else
		change_slots(f, &slots[slot], 1u << (base + 8 - len), &c);
	write_node(f, p, addr, p->n, slots, begins, spare, class);
	return 0;
}

static int
set_in_root(struct ts_fib6 *f, const uint8_t *addr, uint8_t len, uint32_t entry)
{
	struct change c = {code_of(entry), entry, false};
	uint32_t *at = &f->root[root_slot(addr)], lines[DEPTH_MAX];
	unsigned missing = depth_of(len);

	if (missing == 0) {
		change_slots(f, at, 1u << (ROOT_BITS - len), &c);
		return 0;
	}
	if (take_nodes(f, missing, lines) < 0)
		return -ENOSPC;
	*at = make_chain(f, addr, len, entry, *at, 0, lines, missing);
	return 0;
}

int
ts_fib6_set(struct ts_fib6 *f, const uint8_t addr[16], uint8_t len, uint16_t nh)
{
	struct path p;
	int ret;

	find_path(f, addr, depth_of(len), &p);
	if (p.n == 0)
		ret = set_in_root(f, addr, len, leaf(len, nh));
	else
		ret = set_in_node(f, &p, addr, len, leaf(len, nh));
	if (ret == 0)
		fib6_index_update(f, addr, len, nh);
	return ret;
}

/* --- deleting --- */

static bool
is_empty(const uint32_t slots[SLOTS], unsigned n_runs)
{
	return n_runs == 1 && slots[0] == 0;
}

/* What the node at `depth` covered stands in its parent again. */
static uint32_t
take_away(struct ts_fib6 *f, struct path *p, unsigned depth)
{
	const struct ts_fib6_node *node = ts_fib6_node_at(f, p->line[depth - 1]);
	uint32_t covered = node->cover != 0 ? (uint32_t)node->cover_code << 16 | node->cover : 0;

	fib6_free(f, p->line[depth - 1], node->class);
	p->n = depth - 1;
	return covered;
}

/* Upwards while nodes become empty. `slots` are those of the deepest node of the path. */
static void
write_back(struct ts_fib6 *f, struct path *p, const uint8_t *addr, uint32_t slots[SLOTS])
{
	while (p->n > 0) {
		unsigned depth = p->n;
		uint64_t begins[4];
		unsigned n_runs = count_runs(slots, ROOT_BITS + 8 * (depth - 1), begins);

		if (!is_empty(slots, n_runs)) {
			shrink(f, p, addr, depth, slots, begins, n_runs);
			return;
		}

		uint32_t covered = take_away(f, p, depth);

		if (p->n == 0) {
			f->root[root_slot(addr)] = covered;
			return;
		}
		spread(ts_fib6_node_at(f, p->line[p->n - 1]), slots);
		slots[slot_of(addr, p->n)] = covered;
	}
}

void
ts_fib6_del(struct ts_fib6 *f, const uint8_t addr[16], uint8_t len, uint8_t cover_len, uint16_t cover_nh)
{
	unsigned depth = depth_of(len);
	bool same_node = cover_nh != 0 && depth_of(cover_len) == depth;
	struct change c = {len + 1u, same_node ? leaf(cover_len, cover_nh) : 0, true};
	uint32_t slots[SLOTS];
	struct path p;

	find_path(f, addr, depth, &p);
	if (depth == 0) {
		change_slots(f, &f->root[root_slot(addr)], 1u << (ROOT_BITS - len), &c);
		return;
	}
	if (p.n < depth)
		return;
	spread(ts_fib6_node_at(f, p.line[depth - 1]), slots);
	change_slots(f, &slots[slot_of(addr, depth)], 1u << (ROOT_BITS + 8 * depth - len), &c);
	write_back(f, &p, addr, slots);
	fib6_index_update(f, addr, len, 0);
}

/* --- making --- */

/* As three lines are reckoned for a prefix (fib_pair.c), a place for each: buckets are seldom full then. */
static uint32_t
places_for(uint32_t n_lines)
{
	uint32_t places = FIB6_WAYS * 2; /* and then a power of two of buckets */

	while (places < n_lines / 3 && places < UINT32_C(1) << 24)
		places *= 2;
	return places;
}

size_t
ts_fib6_bytes(uint32_t n_lines)
{
	size_t n_places = places_for(n_lines);

	return (TS_FIB6_ROOT + n_places) * sizeof(uint32_t) + sizeof(struct ts_fib6_hosts) +
		(n_places + 1 + n_lines) * TS_FIB6_LINE;
}

void
ts_fib6_init(struct ts_fib6 *f, void *mem, uint32_t n_lines)
{
	*f = (struct ts_fib6){.root = mem, .n_places = places_for(n_lines), .n_lines = n_lines};
	f->bucket_shift = 32 - (unsigned)__builtin_ctz(f->n_places / FIB6_WAYS);
	f->numbers = f->root + TS_FIB6_ROOT;
	f->leaves = (void *)(f->numbers + f->n_places);
	f->hosts = (void *)(f->leaves + f->n_places + 1);
	f->lines = (void *)(f->hosts + 1);
	for (unsigned class = 0; class < TS_FIB6_CLASSES; class ++)
		f->free[class] = FIB6_NONE;
}
