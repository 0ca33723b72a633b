/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: main() of a fuzz target where there is no fuzzer: each file is given to it once.
 *
 *     fuzz_open [FILE | FOLDER]...
 *
 * Without arguments it takes the corpus that is kept with the sources: of fuzz_NAME what is in
 * tests/fuzz/NAME, below $srcdir. So make check runs every input that was ever worth keeping, with any
 * compiler.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#pragma weak LLVMFuzzerInitialize

static unsigned long count;

static void
replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = xmalloc(size > 0 ? size : 1);

	if (f == NULL || fread(data, 1, size, f) != size) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	fclose(f);
	/* Whoever crashes is named by the last line. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	count++;
}

static int
is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void
replay(const char *path)
{
	struct dirent **entries;
	struct stat st;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	int n = scandir(path, &entries, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		char *below = xasprintf("%s/%s", path, entries[i]->d_name);
		replay(below);
		free(below);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strrchr(argv[0], '/');

	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	name = strstr(name != NULL ? name : argv[0], "fuzz_");
	if (argc < 2 && name != NULL) {
		char *path =
		    xasprintf("%s/tests/fuzz/%s", srcdir != NULL ? srcdir : ".", name + strlen("fuzz_"));
		replay(path);
		free(path);
	}
	printf("%lu inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
