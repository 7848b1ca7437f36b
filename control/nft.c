/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One nftables table of ours. It outlives a SIGKILL, on purpose: then IPv6 forwarding is still on, too. So making it
 * begins with removing a former one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <nftables/libnftables.h>

#include "kernel_settings.h"

#define TABLE "inet tsunagi"

static const char add_commands[] = "add table " TABLE "\n"
				   "delete table " TABLE "\n"
				   "add table " TABLE "\n"
				   "add chain " TABLE
				   " forward { type filter hook forward priority 0; policy drop; }\n";
static const char del_commands[] = "add table " TABLE "\n"
				   "delete table " TABLE "\n";

/*
 * EINTR: a signal came, or somebody else changed the kernel's tables while libnftables read them; it gives up then,
 * with the commands carried out or not. Both lists may be carried out again.
 */
#define TRIES 10

/* NULL, or why not: that can be asked for once. */
static const char *
run(struct nft_ctx *nft, const char *commands)
{
	const char *why = NULL;

	for (unsigned i = 0; i < TRIES; i++) {
		if (nft_run_cmd_from_buffer(nft, commands) == 0)
			return NULL;
		why = nft_ctx_get_error_buffer(nft);
		if (strstr(why, strerror(EINTR)) == NULL)
			break;
	}
	return why;
}

int
ts_nft_forward_drop(bool add, char *err, size_t err_len)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *why;

	if (nft == NULL) {
		snprintf(err, err_len, "no memory for nftables");
		return -1;
	}
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	why = run(nft, add ? add_commands : del_commands);
	if (why != NULL)
		snprintf(err, err_len, "nftables refuses the table \"" TABLE "\": %.*s", (int)strcspn(why, "\n"), why);
	nft_ctx_free(nft);
	return why == NULL ? 0 : -1;
}
