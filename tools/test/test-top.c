/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl top on a pseudo-terminal of any size, and its table in batch mode, on the small hypervisor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <xentoollog.h>

#include "../xl/top.h"
#include "fake-store.h"
#include "fake-xen.h"
#include "light/host-linux.h"

#define PATIENCE_MS 30000
#define ROWS_MAX 60

static struct fake_store store;
static struct xl xl;
static char folder[64];

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

static void statistic(const char *device, const char *name, const char *value)
{
	char command[400];

	snprintf(command, sizeof(command), "mkdir -p %s/%s/statistics; echo %s > "
		 "%s/%s/statistics/%s", folder, device, value, folder, device, name);
	assert_int_equal(system(command), 0);
}

/* Seven guests, of which the first has a disk and two interfaces. */
static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/xenolith-top-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	lx_sys_root = folder;
	fake_reset(64);
	fake_xen.cpus = 4;
	fake_store_init(&store);
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx.log = xl.log;
	xl.lx.ctl = ctl_open(&fake_backend, xl.log);
	xl.lx.store = &store.s;
	xl.opened = true;
	put("/local/domain/0/name", "Domain-0");
	for (unsigned int i = 1; i < FAKE_DOMAINS; i++) {
		char path[64], name[64];

		fake_xen.d[i].used = true;
		fake_xen.d[i].max_vcpus = 1;
		fake_xen.d[i].max_pages = (9 - i) * 256;
		snprintf(path, sizeof(path), "/local/domain/%u/name", i);
		snprintf(name, sizeof(name), "guest-with-a-long-name-%u", i);
		put(path, name);
	}
	put("/local/domain/3/name", "evil\033[31m");
	statistic("class/net/vif1.0", "rx_bytes", "4096");
	statistic("class/net/vif1.1", "rx_bytes", "2048");
	statistic("class/net/vif1.1", "tx_bytes", "1048576");
	statistic("class/net/vif1.1", "tx_dropped", "7");
	statistic("class/net/vif1.0-emu", "tx_bytes", "77777777");
	statistic("bus/xen-backend/devices/vbd-1-51712", "wr_req", "123456");
	statistic("bus/xen-backend/devices/vbd-1-51712", "rd_sect", "654321");
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	ctl_close(xl.lx.ctl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	fake_reset(0);
	lx_sys_root = "/sys";
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* The other end of the terminal: what is on its screen. */
static struct {
	int fd, rows, columns;
	pid_t pid;
	char cell[ROWS_MAX][256];
	int row, column;
	char all[65536];		/* everything that came */
	size_t used;
} tty;

static void clear_from(int row, int column)
{
	for (int r = row; r < ROWS_MAX; r++, column = 0)
		memset(tty.cell[r] + column, 0, sizeof(tty.cell[r]) - (size_t)column);
}

/* One control sequence, behind its escape; returns its length. */
static size_t control(const char *p, size_t n)
{
	size_t i = 1;

	while (i < n && (p[i] < '@' || p[i] > '~'))
		i++;
	if (i == n)
		return 0;
	if (p[i] == 'H')
		tty.row = tty.column = 0;
	else if (p[i] == 'K')
		memset(tty.cell[tty.row] + tty.column, 0,
		       sizeof(tty.cell[0]) - (size_t)tty.column);
	else if (p[i] == 'J')
		clear_from(tty.row, tty.column);
	return i + 1;
}

static void show(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\033') {
			i += control(p + i + 1, n - i - 1);
		} else if (p[i] == '\r') {
			tty.column = 0;
		} else if (p[i] == '\n') {
			tty.row++;
			assert_true(tty.row < tty.rows);
		} else {
			assert_true(tty.column < tty.columns - 1);
			tty.cell[tty.row][tty.column++] = p[i];
		}
	}
}

static bool on_screen(const char *text)
{
	for (int r = 0; r < tty.rows; r++)
		if (strstr(tty.cell[r], text))
			return true;
	return false;
}

static bool ended(void)
{
	return tty.used >= 8 && strstr(tty.all, "\033[?1049l");
}

/* Read on until a text is there (NULL: the program has ended). A screen is looked at as a whole. */
static void until(const char *text)
{
	while (text ? !on_screen(text) : !ended()) {
		struct pollfd p = { .fd = tty.fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, PATIENCE_MS) != 1)
			fail_msg("\"%s\" does not come", text ? text : "the end");
		n = read(tty.fd, tty.all + tty.used, sizeof(tty.all) - 1 - tty.used);
		if (n <= 0)
			fail_msg("the terminal is closed");
		show(tty.all + tty.used, (size_t)n);
		tty.used += (size_t)n;
		tty.all[tty.used] = '\0';
	}
}

static void press(const char *keys)
{
	assert_int_equal(write(tty.fd, keys, strlen(keys)), strlen(keys));
}

static void begin(int rows, int columns)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	char *argv[] = { "top", "-d", "1000", NULL };

	memset(&tty, 0, sizeof(tty));
	tty.rows = rows;
	tty.columns = columns;
	tty.pid = forkpty(&tty.fd, NULL, NULL, &size);
	assert_true(tty.pid >= 0);
	if (!tty.pid)
		_exit(xl_run(&xl, 3, argv));
}

static void end(void)
{
	int status;

	until(NULL);
	/* The cursor is back, on the shell's screen. */
	assert_non_null(strstr(tty.all, "\033[?25h\033[?1049l"));
	assert_int_equal(waitpid(tty.pid, &status, 0), tty.pid);
	assert_int_equal(status, 0);
	close(tty.fd);
}

static void test_screen(void **state)
{
	begin(24, 200);
	until("Q quit");
	assert_true(on_screen("8 domains: "));
	assert_true(on_screen("      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) "
			      "MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD   "
			      "VBD_WR  VBD_RSECT  VBD_WSECT"));
	assert_true(on_screen("guest-with"));
	assert_false(on_screen("guest-with-"));
	/* Nothing in a name is a command to the terminal. */
	assert_true(on_screen("evil?[31m"));
	assert_null(strstr(tty.all, "\033[31m"));
	press("f");
	until("guest-with-a-long-name-7");
	press("+");
	until("every 1001 s");
	press("\033");
	end();
}

static void test_sorting(void **state)
{
	begin(24, 200);
	until("sorted by ID");
	until("Q quit");
	assert_non_null(strstr(tty.cell[4], "Domain-0"));
	/* By names, then by the seventh column: the largest on top. */
	press("s");
	until("sorted by NAME");
	press("ssssss");
	until("sorted by MAXMEM(k)");
	until("Q quit");
	press("f");
	until("guest-with-a-long-name-1");
	until("Q quit");
	press("r");
	until("(reversed)");
	press("q");
	end();
	/* The smallest is on top now: dom0's is none here, then that of the last guest. */
	assert_non_null(strstr(tty.cell[4], "Domain-0"));
	assert_non_null(strstr(tty.cell[5], "guest-with-a-long-name-7"));
	assert_non_null(strstr(tty.cell[11], "guest-with-a-long-name-1"));
}

/* A screen of five lines and forty columns shows two rows, and part of the columns. */
static void test_small(void **state)
{
	begin(7, 40);
	until("Q quit");
	assert_true(on_screen("Domain-0"));
	assert_false(on_screen("evil"));
	press("\033[B\033[B");
	until("evil");
	assert_false(on_screen("Domain-0"));
	/* Far to the right; the name stays. */
	assert_false(on_screen("VBD_WR"));
	press("\033[C\033[C\033[C\033[C\033[C\033[C\033[C\033[C\033[C\033[C\033[C\033[C\033[C");
	until("VBD_WR");
	assert_true(on_screen("      NAME "));
	press("\033[H");
	until("STATE");
	until("Domain-0");
	/* The terminal grows, and what is drawn with it. */
	tty.rows = 20;
	tty.columns = 120;
	assert_int_equal(ioctl(tty.fd, TIOCSWINSZ, &(struct winsize){ .ws_row = 20,
								     .ws_col = 120 }), 0);
	until("NETTX(k)");
	until("evil");
	press("Q");
	end();
}

/* Lines below each row, in the order of devices' numbers, which scroll as rows do. */
static void test_details(void **state)
{
	begin(24, 200);
	until("Q quit");
	assert_false(on_screen("VCPUs(sec):"));
	press("v");
	until("VCPUs(sec):    0:");
	press("v");
	until("Q quit");
	press("n");
	until("Net1 RX:  1048576bytes        0pkts        0err        7drop  TX:     2048bytes");
	assert_non_null(strstr(tty.cell[5], "guest-with"));
	assert_non_null(strstr(tty.cell[6], "Net0 RX:        0bytes"));
	assert_non_null(strstr(tty.cell[7], "Net1 RX"));
	press("b");
	until("VBD BlkBack 51712 [ca: 0]  OO:        0   RD:        0   WR:   123456");
	press("q");
	end();
	begin(8, 200);
	until("Q quit");
	press("n\033[B\033[B");
	until("Net1 RX");
	until("Q quit");
	press("f");
	until("guest-with-a-long-name-2");
	assert_non_null(strstr(tty.cell[4], "Net0 RX"));
	assert_non_null(strstr(tty.cell[5], "Net1 RX"));
	press("q");
	end();
}

static void test_signal(void **state)
{
	begin(24, 80);
	until("Q quit");
	assert_int_equal(kill(tty.pid, SIGTERM), 0);
	end();
}

static void test_tiny(void **state)
{
	begin(1, 10);
	until("xl top");
	press("q");
	end();
}

/* In batch mode, as xentop writes it: a head and a row for each domain, again and again. */
static void test_batch(void **state)
{
	char line[512];
	unsigned int heads = 0, rows = 0, details = 0;
	FILE *f = tmpfile();
	char *argv[] = { "top", "-b", "-i", "2", "-d", "1", "-nvx", NULL };
	pid_t pid = fork();

	if (!pid) {
		dup2(fileno(f), 1);
		xl_run(&xl, 7, argv);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned int vcpus, nets, disks, oo, rd, wr, rsect, wsect;
		char name[64], mode[16], max[16], maxp[16];
		unsigned long cpu, mem, tx, rx;
		double cpup, memp;

		if (strstr(line, "NAME  STATE")) {
			heads++;
			continue;
		}
		assert_null(strchr(line, '\033'));
		if (!strncmp(line, "VCPUs", 5) || !strncmp(line, "Net", 3) ||
		    !strncmp(line, "VBD", 3)) {
			details++;
			continue;
		}
		assert_int_equal(sscanf(line, "%63s %15s %lu %lf %lu %lf %15s %15s %u %u %lu %lu "
					"%u %u %u %u %u %u", name, mode, &cpu, &cpup, &mem,
					&memp, max, maxp, &vcpus, &nets, &tx, &rx, &disks,
					&oo, &rd, &wr, &rsect, &wsect), 18);
		if (rows++ != 1)
			continue;
		assert_string_equal(name, "guest-with");
		assert_string_equal(max, "8192");
		assert_int_equal(nets, 2);
		assert_int_equal(tx, 6);
		assert_int_equal(rx, 1024);
		assert_int_equal(disks, 1);
		assert_int_equal(wr, 123456);
		assert_int_equal(rsect, 654321);
	}
	fclose(f);
	assert_int_equal(heads, 2);
	assert_int_equal(rows, 16);
	/* Twice: the vCPUs of seven guests (dom0 has none here), two interfaces, a disk. */
	assert_int_equal(details, 2 * (7 + 2 + 1));
}

static void test_order(void **state)
{
	struct top_sample none = { 0 }, s;

	top_sample(&xl, 0, &none, &s);
	assert_int_equal(s.n, 8);
	top_sort(&s, 0, false);
	assert_string_equal(s.row[0].name, "Domain-0");
	assert_string_equal(s.row[1].name, "evil?[31m");
	for (unsigned int c = 1; c < top_columns(); c++) {
		if (strcmp(top_title((int)c), "MAXMEM(k)"))
			continue;
		top_sort(&s, (int)c, false);
		for (unsigned int i = 1; i < s.n; i++)
			assert_true(s.row[i - 1].max_kib >= s.row[i].max_kib);
		top_sort(&s, (int)c, true);
		for (unsigned int i = 1; i < s.n; i++)
			assert_true(s.row[i - 1].max_kib <= s.row[i].max_kib);
	}
	top_sort(&s, -1, false);
	for (unsigned int i = 0; i < s.n; i++)
		assert_int_equal(s.row[i].domid, i);
	top_sample_free(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order), TEST(test_batch), TEST(test_screen), TEST(test_sorting),
		TEST(test_small), TEST(test_details), TEST(test_tiny), TEST(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
