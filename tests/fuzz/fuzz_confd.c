/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_confd: any text as bgpconfd.yaml, and as a kubeconfig. Each is read, or why not is said.
 */
#include "conf/bgpconfd_conf.h"
#include "conf/kube.h"
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bgpconfd_conf *conf;
	struct conf_errors errs = {0};
	struct kube_access access;
	struct str why = {0};
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (bgpconfd_conf_load(path, &conf, &errs) == 0) {
		ASSERT(errs.n == 0 && conf->node != NULL && conf->templates.n > 0);
		bgpconfd_conf_free(conf);
	} else
		ASSERT(errs.n > 0);
	conf_errors_free(&errs);
	if (kube_access_read(path, &access, &why) == 0) {
		ASSERT(access.server != NULL && why.len == 0);
		kube_access_fini(&access);
	} else
		ASSERT(why.len > 0);
	str_free(&why);
	close(fd);
	return 0;
}
