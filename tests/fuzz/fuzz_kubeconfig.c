// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a kubeconfig: each section is looked up, and what an error says
 * holds no secret (the corpus marks them).
 */
#include <stdlib.h>
#include <string.h>

#include "kube/kubeconfig_entry.h"
#include "kube/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct np_kube_file file = {
		.path = "/etc/fuzz", .data = (char *)data, .len = size,
	};
	struct np_kube_context context = { 0 };
	struct np_kubeconfig cfg = { 0 };
	struct np_error err;
	int section, ret;

	for (section = NP_KUBE_CURRENT; section <= NP_KUBE_USER; section++) {
		ret = np_kube_parse(&file, &cfg, section, "x", &context, &err);
		if (ret >= 0)
			continue;
		if (!err.text[0] || err.exit != NP_EXIT_API)
			abort();
		if (strstr(err.text, "s3cret") || strstr(err.hint, "s3cret") ||
		    strstr(err.path, "s3cret") || strstr(err.object, "s3cret"))
			abort();
		break;
	}
	np_secret_free(context.current);
	np_secret_free(context.cluster);
	np_secret_free(context.user);
	np_kubeconfig_free(&cfg);
	return 0;
}
