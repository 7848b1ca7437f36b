/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One scalar of the file to one field of the model, as the table of keys says.
 *
 * A message repeats what the operator wrote (SHOWN limits its length) and says what is allowed. Numbers are decimal and
 * without quotes: YAML 1.1 would read 010 as 8 and 1:30 as 90, and nobody who writes them means that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_internal.h"

#define SHOWN "`%.64s`"

struct value {
	struct ts_load *l;
	const struct ts_key *key;
	const struct ts_node *node;
	const char *path;
	void *out;
};

static bool __attribute__((format(printf, 2, 3))) fault(const struct value *v, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ts_fault(v->l, v->node->line, v->path, "%s", text);
	return false;
}

static void
put_uint(void *out, size_t size, uint32_t x)
{
	uint8_t u8 = (uint8_t)x;
	uint16_t u16 = (uint16_t)x;

	if (size == sizeof(u8))
		memcpy(out, &u8, sizeof(u8));
	else if (size == sizeof(u16))
		memcpy(out, &u16, sizeof(u16));
	else
		memcpy(out, &x, sizeof(x));
}

static bool
parse_uint(const struct value *v, uint32_t *x)
{
	const struct ts_key *k = v->key;
	const char *t = v->node->text, *zero = k->flags & TS_KEY_OR_ZERO ? "0 or " : "";
	size_t digits = strspn(t, "0123456789");

	if (!v->node->plain)
		return fault(v, SHOWN " is quoted text: a number without quotes is wanted (%s%u to %u)", t, zero,
			k->min, k->max);
	if (digits == 0 || t[digits] != '\0' || (t[0] == '0' && digits > 1))
		return fault(v, SHOWN " is not a decimal number; %s%u to %u is allowed", t, zero, k->min, k->max);
	errno = 0;
	unsigned long long n = strtoull(t, NULL, 10);

	if (n == 0 && (k->flags & TS_KEY_OR_ZERO) != 0)
		errno = 0;
	else if (errno != 0 || n < k->min || n > k->max)
		return fault(v, SHOWN " is out of range; %s%u to %u is allowed", t, zero, k->min, k->max);
	*x = (uint32_t)n;
	return true;
}

static bool
set_uint(const struct value *v)
{
	uint32_t x = 0;

	if (!parse_uint(v, &x))
		return false;
	put_uint(v->out, v->key->size, x);
	return true;
}

static bool
parse_bool(const struct value *v, bool *b)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (unsigned i = 0; v->node->plain && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(v->node->text, words[i]) == 0) {
			*b = i & 1;
			return true;
		}
	}
	return fault(v, SHOWN " is not one of: yes, no, true, false, on, off", v->node->text);
}

static bool
set_bool(const struct value *v)
{
	bool b = false;

	if (!parse_bool(v, &b))
		return false;
	if (v->key->type == TS_KEY_BOOL)
		memcpy(v->out, &b, sizeof(b));
	else if (b)
		put_uint(v->out, v->key->size, v->key->min);
	return true;
}

static bool
set_enum(const struct value *v)
{
	char list[128];
	size_t at = 0;

	for (unsigned i = 0; v->key->choices[i] != NULL; i++) {
		if (strcmp(v->node->text, v->key->choices[i]) == 0) {
			put_uint(v->out, v->key->size, i);
			return true;
		}
		at += snprintf(list + at, sizeof(list) - at, "%s%s", i > 0 ? ", " : "", v->key->choices[i]);
	}
	return fault(v, SHOWN " is not one of: %s", v->node->text, list);
}

static bool
set_string(const struct value *v)
{
	const char *t = v->node->text;
	size_t len = strlen(t);

	if (len == 0)
		return fault(v, "is an empty text");
	if (len >= v->key->size)
		return fault(v, SHOWN " is too long: %zu characters, %zu are allowed", t, len, v->key->size - 1);
	for (const char *p = t; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return fault(v, SHOWN " contains a space or control character", t);
	memcpy(v->out, t, len + 1);
	return true;
}

/* YAML is UTF-8 already. */
static bool
set_text(const struct value *v)
{
	const char *t = v->node->text;
	size_t len = strlen(t);

	if (len == 0 || t[0] == ' ')
		return fault(v, "is an empty text, or begins with a space");
	if (len >= v->key->size)
		return fault(v, SHOWN " is too long: %zu bytes, %zu are allowed", t, len, v->key->size - 1);
	for (const char *p = t; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return fault(v, SHOWN " contains a control character", t);
	memcpy(v->out, t, len + 1);
	return true;
}

/* The first choice, `anycast`, stands for an address; another one is for the section's finish to find, and leaves 0. */
static bool
set_ipv4(const struct value *v)
{
	char list[128] = "";
	rte_be32_t a = 0;
	size_t at = 0;

	for (unsigned i = 0; v->key->choices != NULL && v->key->choices[i] != NULL; i++) {
		if (strcmp(v->node->text, v->key->choices[i]) == 0) {
			a = i == 0 ? TS_6TO4_ANYCAST : 0;
			memcpy(v->out, &a, sizeof(a));
			return true;
		}
		at += snprintf(list + at, sizeof(list) - at, "%s%s", i > 0 ? " or " : " and not ", v->key->choices[i]);
	}
	if (inet_pton(AF_INET, v->node->text, &a) != 1)
		return fault(v, SHOWN " is not an IPv4 address%s", v->node->text, list);
	memcpy(v->out, &a, sizeof(a));
	return true;
}

static bool
set_ipv6(const struct value *v)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, v->node->text, &a) != 1)
		return fault(v, SHOWN " is not an IPv6 address", v->node->text);
	memcpy(v->out, &a, sizeof(a));
	return true;
}

/* Any of the three that are written as an address and perhaps a length. */
static bool
parse_addr(const struct value *v, struct ts_cfg_addr *a)
{
	const char *t = v->node->text;
	struct in6_addr v6;
	rte_be32_t v4;
	int family = ts_parse_prefix(t, &v4, &v6, &a->prefix_len);

	if (family == AF_INET)
		a->v4 = v4;
	else if (family == AF_INET6)
		a->v6 = v6;
	else
		return fault(v, SHOWN " is not an IPv4 or IPv6 address%s", t,
			v->key->type == TS_KEY_ADDRESS ? "" : " with a prefix length");
	a->family = (uint8_t)family;
	a->line = v->node->line;
	if (v->key->type == TS_KEY_HOST && strchr(t, '/') == NULL)
		return fault(v, SHOWN " has no prefix length: write the LAN's, for example %.64s/%u", t, t,
			family == AF_INET ? 24 : 64);
	if (v->key->type == TS_KEY_HOST && a->prefix_len == 0)
		return fault(v, SHOWN " has the prefix length 0: that would make the whole Internet this LAN", t);
	if (v->key->type == TS_KEY_ADDRESS && a->prefix_len != (family == AF_INET ? 32 : 128))
		return fault(v, SHOWN " is a prefix: a single address is wanted", t);
	return true;
}

static bool
no_host_bits(const struct value *v, struct ts_cfg_addr *a)
{
	char buf[TS_ADDR_TEXT];

	if (!ts_cfg_addr_mask(a))
		return true;
	return fault(v, SHOWN " has bits set beyond its length: the prefix is %s", v->node->text,
		ts_cfg_addr_text(a, true, buf));
}

static bool
set_addr(const struct value *v)
{
	struct ts_cfg_addr a = {0};

	if (!parse_addr(v, &a))
		return false;
	if (v->key->type == TS_KEY_PREFIX && !no_host_bits(v, &a))
		return false;
	memcpy(v->out, &a, sizeof(a));
	return true;
}

static bool
fine_length(const struct value *v, unsigned len)
{
	if (len >= v->key->min && len <= v->key->max)
		return true;
	if (v->key->min == v->key->max)
		return fault(v, SHOWN ": the length must be %u", v->node->text, v->key->min);
	return fault(v, SHOWN ": the length must be %u to %u", v->node->text, v->key->min, v->key->max);
}

/* A prefix of one family, or a single address. The structs are compared as bytes: their padding is 0. */
static bool
set_prefix46(const struct value *v)
{
	bool four = v->key->type == TS_KEY_PREFIX4;
	struct ts_cfg_addr a = {0};
	struct ts_prefix4 p4;
	struct ts_prefix6 p6;

	if (!parse_addr(v, &a))
		return false;
	if (a.family != (four ? AF_INET : AF_INET6))
		return fault(v, SHOWN " is not an %s prefix", v->node->text, four ? "IPv4" : "IPv6");
	if (!no_host_bits(v, &a) || !fine_length(v, a.prefix_len))
		return false;
	memset(&p4, 0, sizeof(p4));
	memset(&p6, 0, sizeof(p6));
	p4.addr = a.v4;
	p4.len = p6.len = a.prefix_len;
	p6.addr = a.v6;
	memcpy(v->out, four ? (const void *)&p4 : (const void *)&p6, v->key->size);
	return true;
}

/* Six pairs of hexadecimal digits with colons between; false when it is anything else. */
static bool
parse_mac(const char *t, uint8_t mac[6])
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (unsigned i = 0; i < 6; i++, t += 3) {
		if (strspn(t, digits) != 2 || t[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)strtoul(t, NULL, 16);
	}
	return true;
}

static bool
set_mac(const struct value *v)
{
	static const uint8_t zero[6];
	uint8_t mac[6];

	if (!parse_mac(v->node->text, mac))
		return fault(v, SHOWN " is not a MAC address such as 02:00:5e:10:00:01", v->node->text);
	if ((mac[0] & 1) != 0 || memcmp(mac, zero, sizeof(mac)) == 0)
		return fault(v, SHOWN " is not the MAC address of one station", v->node->text);
	memcpy(v->out, mac, sizeof(mac));
	return true;
}

static bool
set_reference(const struct value *v)
{
	const struct ts_config *cfg = v->l->cfg;
	bool port = v->key->type == TS_KEY_PORT;
	unsigned n = port ? cfg->n_ports : cfg->n_interfaces;
	char known[256] = "";
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		const char *name = port ? cfg->ports[i].name : cfg->interfaces[i].name;

		if (v->node->text[0] != '\0' && strcmp(name, v->node->text) == 0) {
			put_uint(v->out, sizeof(unsigned), i);
			return true;
		}
		if (name[0] != '\0' && at < sizeof(known))
			at += snprintf(known + at, sizeof(known) - at, "%s%s", at > 0 ? ", " : "", name);
	}
	put_uint(v->out, sizeof(unsigned), TS_UNRESOLVED);
	/* No list at all: that is the fault, and it is required. */
	if (n == 0)
		return false;
	return fault(v, "no %s is named " SHOWN "; there is: %s", port ? "port" : "interface", v->node->text,
		at > 0 ? known : "none");
}

/* The short form of a rate: its number, and a burst of as many. */
static bool
set_rate(const struct value *v)
{
	struct ts_cfg_rate rate = {0};

	if (!parse_uint(v, &rate.per_second))
		return false;
	rate.burst = rate.per_second;
	memcpy(v->out, &rate, sizeof(rate));
	return true;
}

bool
ts_value_set(struct ts_load *l, const struct ts_key *key, const struct ts_node *node, const char *path, void *out)
{
	static bool (*const set[])(const struct value *) = {
		[TS_KEY_BOOL] = set_bool,
		[TS_KEY_SWITCH] = set_bool,
		[TS_KEY_UINT] = set_uint,
		[TS_KEY_ENUM] = set_enum,
		[TS_KEY_STRING] = set_string,
		[TS_KEY_TEXT] = set_text,
		[TS_KEY_IPV4] = set_ipv4,
		[TS_KEY_IPV6] = set_ipv6,
		[TS_KEY_ADDRESS] = set_addr,
		[TS_KEY_HOST] = set_addr,
		[TS_KEY_PREFIX] = set_addr,
		[TS_KEY_PREFIX4] = set_prefix46,
		[TS_KEY_PREFIX6] = set_prefix46,
		[TS_KEY_MAC] = set_mac,
		[TS_KEY_PORT] = set_reference,
		[TS_KEY_INTERFACE] = set_reference,
		[TS_KEY_RATE] = set_rate,
	};
	const struct value v = {l, key, node, path, out};

	if (node->kind != TS_NODE_SCALAR)
		return fault(&v, "is a %s: a %s is wanted", node->kind == TS_NODE_LIST ? "list" : "map of keys",
			key->type == TS_KEY_RATE ? "number, or the keys per-second and burst," : "single value");
	if (node->plain && node->text[0] == '\0')
		return fault(&v, "has no value");
	return set[key->type](&v);
}
