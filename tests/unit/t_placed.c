/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/placed in a directory of its own: into place and back, modes, links, and a file that is
 * mounted. */
#include "conf/placed.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/load.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/t_placed.XXXXXX";
static char *dest;

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dest = xasprintf("%s/a.yaml", dir);
	umask(0);
}

static void
end(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	free(dest);
}

static void
write_to(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
is(const char *path, const char *text, mode_t mode)
{
	struct stat st;
	char *got;
	size_t len;

	ck_assert_int_eq(tree_read(path, 1000, &got, &len), 0);
	ck_assert_msg(len == strlen(text) && memcmp(got, text, len) == 0, "%s: %.*s", path, (int)len, got);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, mode);
	free(got);
}

static unsigned
files(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2; /* . and .. */
}

/* What is there, staged and in place; the caller settles or goes back, and closes. */
static void
put(struct placed *p, const char *text, mode_t mode)
{
	ck_assert_int_eq(placed_open(p, dest, mode), 0);
	ck_assert_int_eq(placed_stage(p, text, strlen(text)), 0);
	is(p->stage, text, mode);
	ck_assert_int_eq(placed_commit(p, text, strlen(text)), 0);
	is(dest, text, mode);
	ck_assert(access(p->stage, F_OK) != 0);
}

START_TEST(test_new)
{
	struct placed p;

	begin();
	put(&p, "one\n", 0640);
	ck_assert(!p.there);
	ck_assert(!placed_untold(&p));
	ck_assert_int_eq(placed_back(&p), -ENOENT);
	placed_settle(&p);
	placed_close(&p);
	ck_assert_int_eq(placed_open(&p, dest, 0600), 0);
	ck_assert(p.there);
	ck_assert(placed_is(&p, "one\n", 4));
	ck_assert(!placed_is(&p, "one", 3));
	ck_assert_int_eq(placed_mode_set(&p), 0);
	is(dest, "one\n", 0600);
	placed_close(&p);
	ck_assert_uint_eq(files(), 1);
	end();
}
END_TEST

START_TEST(test_back)
{
	struct placed p;

	begin();
	write_to(dest, "old", 0604);
	put(&p, "new", 0640);
	ck_assert(placed_untold(&p));
	is(p.previous, "old", 0604);
	ck_assert_int_eq(placed_back(&p), 0);
	is(dest, "old", 0604);
	placed_close(&p);
	put(&p, "newer", 0640);
	placed_close(&p);
	/* As after a crash: it is seen, and the file in place is the next previous one. */
	ck_assert_int_eq(placed_open(&p, dest, 0640), 0);
	ck_assert(placed_untold(&p));
	placed_close(&p);
	put(&p, "newest", 0640);
	is(p.previous, "newer", 0640);
	placed_settle(&p);
	ck_assert(!placed_untold(&p));
	placed_close(&p);
	ck_assert_uint_eq(files(), 1);
	end();
}
END_TEST

START_TEST(test_fails)
{
	struct placed p;

	begin();
	char *inside = xasprintf("%s/none/a.yaml", dir);
	ck_assert_int_eq(placed_open(&p, inside, 0640), 0);
	ck_assert_int_eq(placed_stage(&p, "x", 1), -ENOENT);
	placed_close(&p);
	ck_assert_int_eq(placed_open(&p, dir, 0640), -EISDIR);
	placed_close(&p);
	/* Staged and given up. */
	write_to(dest, "old", 0640);
	ck_assert_int_eq(placed_open(&p, dest, 0640), 0);
	ck_assert_int_eq(placed_stage(&p, "new", 3), 0);
	placed_unstage(&p);
	is(dest, "old", 0640);
	/* What is staged went away: nothing happens to the file in place. */
	ck_assert_int_eq(placed_commit(&p, "new", 3), -ENOENT);
	is(dest, "old", 0640);
	placed_close(&p);
	ck_assert_uint_eq(files(), 1);
	free(inside);
	end();
}
END_TEST

START_TEST(test_link)
{
	struct placed p;
	struct stat st;

	begin();
	char *target = xasprintf("%s/target", dir);
	write_to(target, "old", 0640);
	ck_assert_int_eq(symlink("target", dest), 0);
	put(&p, "new", 0640);
	is(target, "new", 0640);
	ck_assert_int_eq(lstat(dest, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	placed_settle(&p);
	placed_close(&p);
	ck_assert_uint_eq(files(), 2);
	free(target);
	end();
}
END_TEST

START_TEST(test_owner)
{
	struct placed p;
	struct stat st;

	begin();
	write_to(dest, "old", 0640);
	if (chown(dest, 65534, 65533) == 0) { /* only root can give files away */
		put(&p, "new", 0640);
		ck_assert_int_eq(stat(dest, &st), 0);
		ck_assert_uint_eq(st.st_uid, 65534);
		ck_assert_uint_eq(st.st_gid, 65533);
		placed_close(&p);
	}
	end();
}
END_TEST

/* As bgpconfd and a file that root has written, in a directory that is open to both. */
START_TEST(test_owner_not_root)
{
	struct placed p;
	struct stat st;

	begin();
	write_to(dest, "old", 0644);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(seteuid(65534), 0);
		put(&p, "new", 0640);
		ck_assert_int_eq(stat(dest, &st), 0);
		ck_assert_uint_eq(st.st_uid, 65534);
		placed_settle(&p);
		placed_close(&p);
		is(dest, "new", 0640);
		ck_assert_int_eq(seteuid(0), 0);
	}
	end();
}
END_TEST

/* Needs a mount namespace; where that is not allowed there are no such files to write either. */
START_TEST(test_mounted)
{
	struct placed p;

	begin();
	char *other = xasprintf("%s/other", dir);
	write_to(other, "mounted", 0600);
	write_to(dest, "", 0600);
	if ((geteuid() == 0 ? unshare(CLONE_NEWNS) : unshare(CLONE_NEWUSER | CLONE_NEWNS)) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount(other, dest, NULL, MS_BIND, NULL) == 0) {
		put(&p, "new", 0640);
		is(other, "new", 0640);
		is(p.previous, "mounted", 0600);
		ck_assert_int_eq(placed_back(&p), 0);
		is(other, "mounted", 0600);
		ck_assert(!placed_untold(&p));
		placed_close(&p);
		ck_assert_int_eq(umount(dest), 0);
	}
	ck_assert_uint_eq(files(), 2);
	free(other);
	end();
}
END_TEST

SUITE("placed", test_new, test_back, test_fails, test_link, test_owner, test_owner_not_root, test_mounted)
