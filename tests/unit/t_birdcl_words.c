/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/birdcl_words: shortened commands, as BIRD's own client takes them. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "tools/birdcl.h"

static enum birdcl_found
expand(const char *command, char *out, size_t n, char **why)
{
	size_t len;
	FILE *f = open_memstream(why, &len);
	enum birdcl_found found = birdcl_expand(command, out, n, f);

	fclose(f);
	return found;
}

static void
check(const char *command, const char *want)
{
	char out[128], *why = NULL;

	ck_assert_int_eq(expand(command, out, sizeof out, &why), BIRDCL_AS_IS);
	ck_assert_str_eq(out, want);
	ck_assert_str_eq(why, "");
	free(why);
}

START_TEST(test_expand)
{
	check("show status", "show status");
	check("sh pro", "show protocols");
	check("  s\tp   a  ", "show protocols all");
	check("show protocols all Mesh_10_0_0_2", "show protocols all Mesh_10_0_0_2");
	check("show pro Mesh_10_0_0_2", "show protocols Mesh_10_0_0_2");
	check("show r 10.0.0.0/8 all", "show route 10.0.0.0/8 all");
	check("show r a", "show route a");
	check("sh i s", "show interfaces summary");
	check("conf", "configure");
	check("conf che \"a  b\"", "configure check \"a  b\"");
	check("rel in Mesh_10_0_0_2", "reload in Mesh_10_0_0_2");
	check("en Mesh_10_0_0_2", "enable Mesh_10_0_0_2");
	check("", "");
	check(" \t", "");
}
END_TEST

START_TEST(test_as_is)
{
	check("graceful restart", "graceful restart");
	check("show", "show");
	check("show bfd sessions", "show bfd sessions");
	check("showstatus", "showstatus");
}
END_TEST

static void
check_several(const char *command, const char *one, const char *other)
{
	char out[128], *why = NULL;

	ck_assert_int_eq(expand(command, out, sizeof out, &why), BIRDCL_AMBIGUOUS);
	ck_assert_ptr_nonnull(strstr(why, one));
	ck_assert_ptr_nonnull(strstr(why, other));
	ck_assert_ptr_null(strstr(why, "show route"));
	free(why);
}

START_TEST(test_ambiguous)
{
	check_several("d Mesh_10_0_0_2", "disable NAME", "down");
	check_several("conf c", "configure check", "configure confirm");
	check_several("re in", "reload", "restrict");
}
END_TEST

START_TEST(test_no_room)
{
	char out[16], *why = NULL;

	/* Longer in full than there is room for: as it was given, cut off if even that has none. */
	ck_assert_int_eq(expand("s pro 10.0.0.0", out, sizeof out, &why), BIRDCL_AS_IS);
	ck_assert_str_eq(out, "s pro 10.0.0.0");
	free(why);
	ck_assert_int_eq(expand("s i 1234567890123456", out, sizeof out, &why), BIRDCL_AS_IS);
	ck_assert_uint_eq(strlen(out), sizeof out - 1);
	free(why);
}
END_TEST

SUITE("birdcl_words", test_expand, test_as_is, test_ambiguous, test_no_room)
