/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-kernel.h"
#include "light-world.h"

char folder[64], kernel[96], states[96], libxls[96], runs[96], logs[96];
char said[4096];
struct fake_store store;
struct lx lx;
struct lx_domain_config config;

static void hear(struct xentoollog_logger *log, xentoollog_level level, int errnoval,
		 const char *context, const char *format, va_list ap)
{
	size_t n = strlen(said);

	if (level >= XTL_ERROR)
		vsnprintf(said + n, sizeof(said) - n, format, ap);
}

static void progress(struct xentoollog_logger *log, const char *context, const char *doing,
		     int percent, unsigned long done, unsigned long total)
{
}

static void forget(struct xentoollog_logger *log)
{
}

static struct xentoollog_logger listener = { hear, progress, forget };

void make_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && !close(fd));
}

int light_world_setup(void **state)
{
	uint8_t elf[FAKE_KERNEL_BYTES];

	snprintf(folder, sizeof(folder), "/tmp/xenolith-light-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(kernel, sizeof(kernel), "%s/kernel", folder);
	snprintf(states, sizeof(states), "%s/states/domains", folder);
	snprintf(libxls, sizeof(libxls), "%s/libxl", folder);
	snprintf(runs, sizeof(runs), "%s/run", folder);
	snprintf(logs, sizeof(logs), "%s/log", folder);
	said[0] = '\0';
	fake_kernel(elf);
	make_file(kernel, elf, sizeof(elf));
	fake_reset(64);
	fake_store_init(&store);
	memset(&lx, 0, sizeof(lx));
	lx.log = &listener;
	lx.ctl = ctl_open(&fake_backend, lx.log);
	lx.store = &store.s;
	lx.state_dir = states;
	lx.libxl_dir = libxls;
	lx.run_dir = runs;
	lx.log_dir = logs;
	lx.host = &fake_host_ops;
	fake_host = (struct fake_host){ .bounces = true };
	lx_init(&lx_domain_config_type, &config);
	config.c_info.name = strdup("u1");
	config.c_info.type = strdup("pvh");
	lx_uuid_random(config.c_info.uuid);
	config.b_info.kernel = strdup(kernel);
	config.b_info.cmdline = strdup("console=hvc0");
	config.b_info.max_vcpus = 2;
	config.b_info.max_memkb = config.b_info.target_memkb = 8 << 10;
	config.on_crash = LX_PRESERVE;
	return 0;
}

int light_world_teardown(void **state)
{
	char command[128];

	lx_dispose(&lx_domain_config_type, &config);
	ctl_close(lx.ctl);
	fake_store_free(&store);
	fake_reset(0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

unsigned int files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

void assert_no_trace(void)
{
	assert_int_equal(fake_domains(), 0);
	assert_int_equal(fake_free_pages(), 64 << 8);
	assert_int_equal(store.nodes, 0);
	assert_int_equal(store.introduced, 0);
	assert_int_equal(store.watches, 0);
	assert_int_equal(files_in(states), 0);
	assert_int_equal(files_in(runs), 0);
	assert_int_equal(fake_xen.bufs, 0);
	assert_int_equal(fake_xen.maps, 0);
	assert_int_equal(fake_host.loops, 0);
	assert_int_equal(fake_host.running, 0);
	assert_null(lx.loop.fds);
	assert_null(lx.loop.timers);
}

void add_devices(void)
{
	config.disks = calloc(2, sizeof(*config.disks));
	config.nr_disks = 2;
	for (unsigned int i = 0; i < 2; i++) {
		lx_init(&lx_disk_type, &config.disks[i]);
		config.disks[i].vdev = strdup(i ? "xvdb" : "xvda");
		config.disks[i].pdev_path = strdup(i ? "/dev/sda" : "/images/a");
	}
	config.nics = calloc(1, sizeof(*config.nics));
	config.nr_nics = 1;
	config.nics[0].bridge = strdup("xenbr0");
}
