/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl console: what a guest said before it ended comes first, and then how it ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-store.h"
#include "fake-xen.h"
#include "xl-run.h"

#include <public/sched.h>

static struct fake_store store;
static int master, old_stdin;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

/* A guest u1 whose console is a pseudo-terminal of this test's; nobody types. */
static int setup(void **state)
{
	fake_reset(16);
	fake_xen.d[1].used = true;
	fake_store_init(&store);
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx = (struct lx){ .log = xl.log, .store = &store.s };
	xl.lx.ctl = ctl_open(&fake_backend, xl.log);
	xl.opened = true;
	put("/local/domain/1/name", "u1");
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master))
		return -1;
	put("/local/domain/1/console/tty", ptsname(master));
	old_stdin = dup(0);
	return dup2(open("/dev/null", O_RDONLY), 0) < 0;
}

static int teardown(void **state)
{
	dup2(old_stdin, 0);
	close(old_stdin);
	close(master);
	ctl_close(xl.lx.ctl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	fake_reset(0);
	return 0;
}

static void says(const char *text)
{
	assert_int_equal(write(master, text, strlen(text)), strlen(text));
}

static void test_ended(void **state)
{
	fake_xen.d[1].flags = XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift;
	says("oops\n");
	assert_int_equal(run("console u1"), 0);
	assert_string_equal(out, "oops\n");
	assert_memory_equal(err, "Domain 1 has ended: crash, after ", 33);
	assert_non_null(strstr(err, " ms.\n"));
}

/* The daemon closes the terminal at once. */
static void test_gone(void **state)
{
	fake_xen.d[1].flags = XEN_DOMINF_dying;
	assert_int_equal(run("console u1"), 0);
	assert_string_equal(err, "Domain 1 has been destroyed.\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_ended), TEST(test_gone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
