/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/template in a directory of its own: partials, files of a node, and what is wrong. */
#include "conf/template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/t_template.XXXXXX";

static void
file(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
end(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
}

/* The result, or the error with the directory cut off and "!" before it. */
static void
is(const char *name, const char *node, const char *expected)
{
	char *src = xasprintf("%s/%s", dir, name);
	json_t *model = json_pack("{s:i, s:s}", "as", 64512, "host", "n1");
	struct str out = {0}, err = {0};

	if (template_render(src, node, model, NULL, &out, &err) == 0) {
		ck_assert_str_eq(str_get(&out), expected);
		ck_assert_uint_eq(err.len, 0);
	} else {
		ck_assert_int_eq(expected[0], '!');
		ck_assert(strncmp(str_get(&err), dir, strlen(dir)) == 0);
		ck_assert_str_eq(str_get(&err) + strlen(dir), expected + 1);
	}
	str_free(&out);
	str_free(&err);
	json_decref(model);
	free(src);
}

START_TEST(test_partials)
{
	begin();
	file("a.yaml.mustache", "as: {{as}}\n{{> peer}}\n{{> sub/more}}\n{{> none}}\nend\n");
	file("peer.mustache", "peer: {{host}}\n");
	is("a.yaml.mustache", "n1", "as: 64512\npeer: n1\nend\n");
	char *command = xasprintf("mkdir %s/sub", dir);
	ck_assert_int_eq(system(command), 0);
	free(command);
	file("sub/more.mustache", "more\n");
	is("a.yaml.mustache", NULL, "as: 64512\npeer: n1\nmore\nend\n");
	end();
}
END_TEST

START_TEST(test_node)
{
	begin();
	file("a.yaml.mustache", "all {{> p}}");
	file("p.mustache", "p");
	file("p.n1.mustache", "p of n1");
	file("a.yaml.n2.mustache", "n2 {{> p}}");
	file("plain", "all");
	file("plain.n1", "n1");
	is("a.yaml.mustache", "n1", "all p of n1");
	is("a.yaml.mustache", "n2", "n2 p");
	is("a.yaml.mustache", "n3", "all p");
	is("a.yaml.mustache", "", "all p");
	is("a.yaml.mustache", "../n2", "all p");
	is("plain", "n1", "n1");
	is("plain", "n2", "all");
	end();
}
END_TEST

START_TEST(test_errors)
{
	begin();
	is("gone.mustache", "n1", "!/gone.mustache: No such file or directory");
	file("open.mustache", "a\n  {{#as}}\n");
	char *src = xasprintf("%s/open.mustache", dir);
	struct str out = {0}, err = {0};
	json_t *model = json_object();
	ck_assert_int_eq(template_render(src, NULL, model, NULL, &out, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(str_get(&err), "open.mustache:2:"));
	str_reset(&err);
	/* Not out of the folder. */
	file("out.mustache", "{{> ../etc/passwd}}");
	free(src);
	src = xasprintf("%s/out.mustache", dir);
	ck_assert_int_eq(template_render(src, NULL, model, NULL, &out, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(str_get(&err), "out.mustache:1:"));
	str_reset(&err);
	/* It is as it was once there are descriptors. */
	struct rlimit limit, none;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	int rc = template_render(src, NULL, model, NULL, &out, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(rc, -EAGAIN);
	ck_assert_ptr_nonnull(strstr(str_get(&err), "out.mustache: Too many open files"));
	str_free(&out);
	str_free(&err);
	json_decref(model);
	free(src);
	end();
}
END_TEST

SUITE("template", test_partials, test_node, test_errors)
