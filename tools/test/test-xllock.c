/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that wait for domains' ends: one for each, missed when it was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../xl/xl.h"

static char folder[64], place[80];

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/xenolith-lock-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(place, sizeof(place), "%s/run", folder);
	xl_run_dir = place;
	return 0;
}

static int teardown(void **state)
{
	return rmdir(place) | rmdir(folder);
}

/* A process that has the lock, and goes on when somebody writes into *@go. */
static pid_t waiter(uint32_t domid, int *go)
{
	int ready[2], end[2];
	char c;
	bool taken;
	pid_t pid;

	assert_int_equal(pipe(ready) | pipe(end), 0);
	pid = fork();
	if (!pid) {
		int lock = xl_monitor_take(domid, &taken);

		if (lock < 0 || taken || write(ready[1], "", 1) != 1 || read(end[0], &c, 1) != 1)
			_exit(1);
		xl_monitor_forget(domid);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	close(end[0]);
	*go = end[1];
	return pid;
}

static void test_killed(void **state)
{
	bool taken;
	int go, lock;
	pid_t pid;

	assert_false(xl_monitor_killed(3));
	pid = waiter(3, &go);
	assert_false(xl_monitor_killed(3));
	assert_false(xl_monitor_killed(4));
	assert_int_equal(xl_monitor_take(3, &taken), -1);
	assert_true(taken);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(go);
	assert_true(xl_monitor_killed(3));
	lock = xl_monitor_take(3, &taken);
	assert_true(lock >= 0);
	assert_false(taken);
	close(lock);
	assert_true(xl_monitor_killed(3));
	xl_monitor_forget(3);
	assert_false(xl_monitor_killed(3));
}

static void test_ends_in_order(void **state)
{
	int go, status;
	pid_t pid = waiter(5, &go);

	assert_int_equal(write(go, "", 1), 1);
	waitpid(pid, &status, 0);
	close(go);
	assert_int_equal(status, 0);
	assert_false(xl_monitor_killed(5));
}

/* Without its file somebody waits for the domain all the same. */
static void test_no_folder(void **state)
{
	bool taken = true;

	xl_run_dir = "/proc/nowhere";
	assert_int_equal(xl_monitor_take(1, &taken), -1);
	assert_false(taken);
	assert_false(xl_monitor_killed(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends_in_order, setup, teardown),
		cmocka_unit_test(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
