/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tsunagictl: ask the running daemon. A request is one line, the answer one JSON document and a newline. With --json
 * the answer is passed on as it comes; routes and peers are laid out one by one as they come; neither holds a full
 * table in memory. Links neither DPDK nor anything of the daemon.
 *
 * Exit codes: 0, 1 the daemon answered with an error or does not answer or is not healthy, 2 wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/tsunagictl.h"

#define DEFAULT_SOCKET "/run/tsunagi/tsunagi.sock"
#define ANSWER_SECONDS 10
#define ERROR_HEAD "{\"error\":"

static const char usage_text[] = "Usage: tsunagictl [-s SOCKET] [--json] [--all] show WHAT\n"
				 "       tsunagictl [-s SOCKET] [--json] explain ADDRESS | HEX\n"
				 "       tsunagictl [-s SOCKET] [--json] decode ADDRESS\n"
				 "       tsunagictl [-s SOCKET] top | trace | capture ...  (-h: their options)\n"
				 "       tsunagictl [-s SOCKET] [--json] health | drain | resume | reload\n"
				 "\n"
				 "WHAT:\n"
				 "  counters          what the workers counted\n"
				 "  drops             what was dropped, and why\n"
				 "  ports             ports: link, packets, what the device missed\n"
				 "  interfaces        interfaces: port, tags, MAC, MTU\n"
				 "  routes [PREFIX]   routes; with a prefix only that one and those within it\n"
				 "  neighbours        neighbours and whether they are resolved\n"
				 "  workers           load and packets of each worker\n"
				 "  path              round trips of TCP handshakes through the relay\n"
				 "  tables            how full the tables are\n"
				 "  history [SPAN]    traffic, drops and load of the last hour, day or month\n"
				 "  teredo [summary]  the Teredo relay's peers and contacts, and the server\n"
				 "  teredo peers      the relay's peers, addresses cut to what tells nobody apart\n"
				 "  version           versions of the daemon and of DPDK\n"
				 "\n"
				 "explain: what an address is, and what the relay does with a packet to it, or with\n"
				 "         a packet given in hexadecimal digits\n"
				 "decode: the mechanism, IPv4 address and port that an address carries\n"
				 "top: traffic, load and drops, live\n"
				 "trace: the way of the next packets with an address, station by station\n"
				 "capture: what a lane sees, or what is dropped for a reason, as pcapng\n"
				 "health: what is announced, and why the rest is not; exit code 1 if there is such\n"
				 "drain: mark what is announced as going, withdraw it health.drain-s later\n"
				 "resume: the end of draining\n"
				 "reload: read the configuration again; exit code 1 if nothing changed\n"
				 "\n"
				 "  -s, --socket PATH  of the daemon (default " DEFAULT_SOCKET ",\n"
				 "                     or the environment's TSUNAGI_SOCKET)\n"
				 "  -j, --json         the answer as JSON, for programs\n"
				 "  -a, --all          counters that are zero, too\n"
				 "  -f, --full         peers with whole addresses and ports\n"
				 "  -n, --limit N      at most N peers\n"
				 "  -h, --help\n"
				 "  -V, --version      of tsunagictl\n";

struct options {
	const char *socket;
	bool json, all, full;
	const char *limit;
	const char *verb, *what, *arg; /* what: the word after "show", the address after "explain"; NULL: neither */
	const char *list;	       /* of the answer, when it is one that comes item by item */
};

static int
usage_error(const char *why, const char *word)
{
	fprintf(stderr, "tsunagictl: %s%s%s\n%s", why, word ? ": " : "", word ? word : "", usage_text);
	return 2;
}

static int
complain(const char *path, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "tsunagictl: %s: %s\n", path, why);
	return 1;
}

static int
no_daemon(const char *path, int error)
{
	fprintf(stderr, "tsunagictl: no daemon answers at %s: %s; is tsunagid running?\n", path, strerror(error));
	return 1;
}

static FILE *
open_connection(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fdopen(fd, "r");
	error = errno;
	close(fd);
	errno = error;
	return NULL;
}

FILE *
ts_connect(const char *path)
{
	FILE *in = open_connection(path);

	if (in == NULL)
		no_daemon(path, errno);
	return in;
}

static int
cut_short(const struct options *o, FILE *in)
{
	if (ferror(in) && (errno == EAGAIN || errno == EWOULDBLOCK))
		return complain(o->socket, "the daemon is silent");
	return complain(o->socket, "the answer is cut short or is no JSON");
}

static int
say_error(const struct options *o, const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	return error == NULL ? 0 : complain(o->socket, error);
}

/* For programs: byte by byte, as only the beginning says whether it is an error. */
static int
pass_on(const struct options *o, FILE *in)
{
	char head[sizeof(ERROR_HEAD)] = "";
	size_t len = 0;
	int ch;

	while ((ch = getc(in)) != EOF) {
		if (len < sizeof(head) - 1)
			head[len++] = (char)ch;
		putchar(ch);
		if (ch == '\n')
			return strcmp(head, ERROR_HEAD) == 0 ? 1 : 0;
	}
	return cut_short(o, in);
}

/* The same for a short one, whose content is the exit code. */
static int
pass_on_document(const struct options *o, FILE *in)
{
	json_t *answer = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);
	int ret;

	if (answer == NULL)
		return cut_short(o, in);
	ret = json_object_get(answer, "error") != NULL ? 1 : ts_exit_code(o->verb, answer);
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(answer);
	return ret;
}

static int
show_document(const struct options *o, FILE *in)
{
	json_t *answer = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);
	int ret;

	if (answer == NULL)
		return cut_short(o, in);
	ret = say_error(o, answer);
	if (ret == 0 && o->what == NULL)
		ret = ts_print_done(o->verb, answer);
	else if (ret == 0 && strcmp(o->verb, "show") != 0)
		ts_print_explain(o->verb, answer);
	else if (ret == 0)
		ts_print_answer(o->what, answer, o->all);
	json_decref(answer);
	return ret;
}

static int
show_items(const struct options *o, const struct ts_list *list, FILE *in)
{
	json_t *item;
	int ch = getc(in);

	list->head();
	if (ch == ']')
		return 0;
	ungetc(ch, in);
	do {
		item = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);
		if (item == NULL)
			return cut_short(o, in);
		list->item(item);
		json_decref(item);
		ch = getc(in);
	} while (ch == ',');
	return ch == ']' ? 0 : cut_short(o, in);
}

/* {"NAME":[ and then item by item; anything else is short, an error most likely. */
static int
show_list(const struct options *o, FILE *in)
{
	char head[32], line[4096];
	json_t *answer;
	int ret;

	ret = snprintf(head, sizeof(head), "{\"%s\":[", o->list);
	if (fgets(line, ret + 1, in) == NULL)
		return cut_short(o, in);
	if (strcmp(line, head) == 0)
		return show_items(o, ts_list_layout(o->list), in);
	if (fgets(line + strlen(line), (int)(sizeof(line) - strlen(line)), in) == NULL)
		return cut_short(o, in);
	answer = json_loads(line, 0, NULL);
	ret = answer == NULL ? cut_short(o, in) : say_error(o, answer);
	json_decref(answer);
	return ret != 0 ? ret : cut_short(o, in);
}

static bool
asks_peers(const struct options *o)
{
	return o->list != NULL && strcmp(o->list, "peers") == 0;
}

static int
ask(const struct options *o, FILE *in)
{
	bool peers = asks_peers(o);
	const char *arg = o->arg;
	char request[1200];
	int len;

	if (arg == NULL && o->what != NULL && strcmp(o->what, "drops") == 0 && o->all)
		arg = "all";
	len = snprintf(request, sizeof(request), "%s%s%s%s%s%s%s%s\n", o->verb, o->what ? " " : "",
		o->what ? o->what : "", arg ? " " : "", arg ? arg : "", peers && o->full ? " full" : "",
		peers && o->limit ? " limit " : "", peers && o->limit ? o->limit : "");
	if (len < 0 || (size_t)len >= sizeof(request))
		return usage_error("too long", NULL);
	if (send(fileno(in), request, (size_t)len, MSG_NOSIGNAL) != len)
		return no_daemon(o->socket, errno);
	if (o->json)
		return o->what != NULL ? pass_on(o, in) : pass_on_document(o, in);
	return o->list != NULL ? show_list(o, in) : show_document(o, in);
}

static bool
is_word(const char *s)
{
	return *s != '\0' && s[strcspn(s, " \t\r\n")] == '\0';
}

/* "routes" takes a prefix, "teredo" what of it, "history" how much of it. */
static int
parse_arg(struct options *o, const char *arg)
{
	bool teredo = strcmp(o->what, "teredo") == 0;

	if (arg == NULL) {
		o->arg = teredo ? "summary" : NULL;
		return 0;
	}
	if (teredo && strcmp(arg, "summary") != 0 && strcmp(arg, "peers") != 0)
		return usage_error("nothing of this name can be shown of teredo", arg);
	if (strcmp(o->what, "history") == 0 && strcmp(arg, "hour") != 0 && strcmp(arg, "day") != 0 &&
		strcmp(arg, "month") != 0)
		return usage_error("neither hour nor day nor month", arg);
	if (!is_word(arg))
		return usage_error("not a prefix", arg);
	o->arg = arg;
	return 0;
}

static int
parse_show(struct options *o, int n, char **words)
{
	static const char *const known[] = {"counters", "drops", "ports", "interfaces", "routes", "neighbours",
		"strangers", "history", "fpm", "sflow", "workers", "path", "tables", "teredo", "version"};
	unsigned i = 0;
	int ret;

	if (n == 0)
		return usage_error("show what?", NULL);
	while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], words[0]) != 0)
		i++;
	if (i == sizeof(known) / sizeof(known[0]))
		return usage_error("nothing of this name can be shown", words[0]);
	o->what = words[0];
	if (n > (strcmp(o->what, "routes") == 0 || strcmp(o->what, "teredo") == 0 || strcmp(o->what, "history") == 0
				? 2
				: 1))
		return usage_error("one word too many", words[n - 1]);
	ret = parse_arg(o, n == 2 ? words[1] : NULL);
	if (strcmp(o->what, "routes") == 0)
		o->list = "routes";
	else if (o->arg != NULL && strcmp(o->arg, "peers") == 0)
		o->list = "peers";
	return ret;
}

static bool
is_single(const char *verb)
{
	static const char *const verbs[] = {"health", "drain", "resume", "reload"};
	unsigned i = 0;

	while (i < sizeof(verbs) / sizeof(verbs[0]) && strcmp(verbs[i], verb) != 0)
		i++;
	return i < sizeof(verbs) / sizeof(verbs[0]);
}

static int
parse_words(struct options *o, int n, char **words)
{
	if (n == 0)
		return usage_error("nothing is asked", NULL);
	o->verb = words[0];
	if (strcmp(o->verb, "show") == 0)
		return parse_show(o, n - 1, words + 1);
	if (is_single(o->verb))
		return n == 1 ? 0 : usage_error("one word too many", words[1]);
	if (strcmp(o->verb, "explain") != 0 && strcmp(o->verb, "decode") != 0)
		return usage_error("no such command", words[0]);
	if (n != 2 || !is_word(words[1]))
		return usage_error("it takes one address", n > 2 ? words[n - 1] : NULL);
	o->what = words[1];
	return 0;
}

/* -1: go on; otherwise the exit code. */
static int
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'}, {"all", no_argument, NULL, 'a'}, {"full", no_argument, NULL, 'f'},
		{"limit", required_argument, NULL, 'n'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "s:jafn:hV", longs, NULL)) != -1) {
		switch (opt) {
		case 's':
			o->socket = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'a':
			o->all = true;
			break;
		case 'f':
			o->full = true;
			break;
		case 'n':
			o->limit = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		case 'V':
			puts("tsunagictl " TS_VERSION);
			return 0;
		default:
			return 2; /* getopt has said what is wrong */
		}
	}
	ret = parse_words(o, argc - optind, argv + optind);
	if (ret == 0 && o->limit != NULL && (*o->limit == '\0' || strspn(o->limit, "0123456789") != strlen(o->limit)))
		ret = usage_error("not a number", o->limit);
	if (ret == 0 && (o->full || o->limit != NULL) && !asks_peers(o))
		ret = usage_error("--full and --limit are for teredo peers", NULL);
	return ret != 0 ? ret : -1;
}

/* Where a command with options of its own stands in the line, after ours; 0: there is none. */
static int
find_command(struct options *o, int argc, char **argv, int (**command)(struct ts_command_conf, int, char **))
{
	static const struct {
		const char *name;
		int (*main)(struct ts_command_conf conf, int argc, char **argv);
	} commands[] = {{"trace", ts_trace_main}, {"capture", ts_capture_main}, {"top", ts_top_main}};
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if ((strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "--socket") == 0) && i + 1 < argc)
			o->socket = argv[++i];
		else if (strcmp(argv[i], "-j") == 0 || strcmp(argv[i], "--json") == 0)
			o->json = true;
	}
	for (size_t n = 0; i < argc && n < sizeof(commands) / sizeof(commands[0]); n++) {
		*command = commands[n].main;
		if (strcmp(commands[n].name, argv[i]) == 0)
			return i;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const char *env = getenv("TSUNAGI_SOCKET");
	struct options o = {.socket = env && *env ? env : DEFAULT_SOCKET};
	int (*command)(struct ts_command_conf, int, char **);
	int ret = find_command(&o, argc, argv, &command);
	FILE *in;

	if (ret != 0)
		return command((struct ts_command_conf){o.socket, o.json}, argc - ret, argv + ret);
	ret = parse_options(&o, argc, argv);

	if (ret >= 0)
		return ret;
	in = ts_connect(o.socket);
	if (in == NULL)
		return 1;
	ret = ask(&o, in);
	fclose(in);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("tsunagictl: standard output");
		return 1;
	}
	return ret;
}
