/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration from arbitrary bytes: no crash, no leak, no fault without a message and no message without a fault.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ts_config cfg;
	char *said = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&said, &len);

	if (err == NULL)
		abort();
	int rc = ts_config_load_buffer(&cfg, "fuzz.yaml", (const char *)data, size, err);

	fclose(err);
	if ((rc == 0) != (len == 0))
		abort();
	/* Nothing of the file may steer the terminal of who reads the messages. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)said[i] < 0x20 && said[i] != '\n')
			abort();
	free(said);
	if (rc == 0)
		ts_config_free(&cfg);
	return 0;
}
