/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of xl on the small hypervisor: what they change, what they print, and how they exit, as
 * xl 4.17 does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xentoollog.h>

#include "../xl/xl.h"
#include "fake-store.h"
#include "fake-xen.h"

static struct fake_store store;
static struct xl xl;
static char out[16384], err[16384];	/* of the last command */

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

static int setup(void **state)
{
	fake_reset(64);
	fake_xen.d[1].used = true;
	fake_xen.d[1].max_vcpus = 2;
	fake_store_init(&store);
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx.log = xl.log;
	xl.lx.ctl = ctl_open(&fake_backend, xl.log);
	xl.lx.store = &store.s;
	xl.lx.state_dir = "/nonexistent/domains";
	xl.opened = true;
	put("/local/domain/0/name", "Domain-0");
	put("/local/domain/1/name", "u1");
	return 0;
}

static int teardown(void **state)
{
	ctl_close(xl.lx.ctl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	fake_reset(0);
	return 0;
}

static void take(int fd, char text[16384])
{
	ssize_t n = pread(fd, text, 16383, 0);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* Run one line of words; its output goes to out and err. A command that ends the process is run in
 * a child, where what it changes is lost. */
static int run_line(const char *line, bool ends)
{
	char text[512], *argv[32], *rest = text;
	int o = memfd_create("out", 0), e = memfd_create("err", 0);
	int old[2] = { dup(1), dup(2) }, argc = 0, status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", line);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	fflush(stdout);
	dup2(o, 1);
	dup2(e, 2);
	pid = ends ? fork() : 0;
	if (!pid) {
		status = xl_run(&xl, argc, argv);
		fflush(stdout);
		if (ends)
			_exit(status);
	} else {
		waitpid(pid, &status, 0);
		status = WEXITSTATUS(status);
	}
	dup2(old[0], 1);
	dup2(old[1], 2);
	close(old[0]);
	close(old[1]);
	take(o, out);
	take(e, err);
	return status;
}

static int run(const char *line)
{
	return run_line(line, false);
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("\"%s\" is not in \"%s\"", what, text);
}

static void test_usage(void **state)
{
	assert_int_equal(run("nonsense"), 1);
	assert_string_equal(err, "command not implemented\n");
	assert_int_equal(run("help sched-credit2"), 0);
	assert_says(out, "Usage: xl [-vtTf] sched-credit2");
	assert_int_equal(run("help nonsense"), 0);
	assert_string_equal(out, "command \"nonsense\" not implemented\n");
	assert_int_equal(run("rename -h"), 0);
	assert_says(out, "Usage: xl [-vtTf] rename <Domain> <NewDomainName>");
	assert_int_equal(run("rename u1"), 2);
	assert_says(err, "'xl rename' requires at least 2 arguments.\n");
	assert_int_equal(run("cpupool-list -x"), 2);
	assert_string_equal(err, "option `x' not supported.\n");
	assert_int_equal(run("cpupool-list --wrong"), 2);
	assert_string_equal(err, "option --wrong not supported.\n");
	/* A name may be cut short, but must fit one command. */
	assert_int_equal(run("li"), 0);
	assert_says(out, "u1 ");
	assert_int_equal(run("vcpu"), 1);
	xl.dry_run = true;
	assert_int_equal(run("cpupool-list"), 1);
	assert_string_equal(err, "command does not implement -N (dryrun) option\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
