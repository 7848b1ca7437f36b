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
 * libnftables gives up when a signal interrupts its wait for the kernel's answer, done or not. Both lists of commands
 * may be carried out again.
 */
#define TRIES 10

static int
run(struct nft_ctx *nft, const char *commands)
{
	int ret = -1;

	for (unsigned i = 0; i < TRIES && ret != 0; i++) {
		ret = nft_run_cmd_from_buffer(nft, commands);
		if (ret != 0 && strstr(nft_ctx_get_error_buffer(nft), strerror(EINTR)) == NULL)
			break;
	}
	return ret;
}

int
ts_nft_forward_drop(bool add, char *err, size_t err_len)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int ret = -1;

	if (nft == NULL) {
		snprintf(err, err_len, "no memory for nftables");
		return -1;
	}
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	if (run(nft, add ? add_commands : del_commands) == 0) {
		ret = 0;
	} else {
		const char *why = nft_ctx_get_error_buffer(nft);

		snprintf(err, err_len, "nftables refuses the table \"" TABLE "\": %.*s", (int)strcspn(why, "\n"), why);
	}
	nft_ctx_free(nft);
	return ret;
}
