/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating and ending domains: what is there afterwards, and that a failure at any hypercall or any
 * write to xenstore leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-host.h"
#include "fake-kernel.h"
#include "fake-store.h"
#include "fake-xen.h"
#include "light/pool.h"
#include "light/sched.h"

#include <public/hvm/params.h>
#include <public/sched.h>

static char folder[64], kernel[96], states[96], libxls[96], runs[96];
static struct fake_store store;
static struct lx lx;
static struct lx_domain_config config;

static int setup(void **state)
{
	uint8_t elf[FAKE_KERNEL_BYTES];
	int fd;

	snprintf(folder, sizeof(folder), "/tmp/xenolith-light-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(kernel, sizeof(kernel), "%s/kernel", folder);
	snprintf(states, sizeof(states), "%s/states/domains", folder);
	snprintf(libxls, sizeof(libxls), "%s/libxl", folder);
	snprintf(runs, sizeof(runs), "%s/run", folder);
	fake_kernel(elf);
	fd = open(kernel, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, elf, sizeof(elf)) != sizeof(elf) || close(fd))
		return -1;
	fake_reset(64);
	fake_store_init(&store);
	memset(&lx, 0, sizeof(lx));
	lx.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	lx.ctl = ctl_open(&fake_backend, lx.log);
	lx.store = &store.s;
	lx.state_dir = states;
	lx.libxl_dir = libxls;
	lx.run_dir = runs;
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

static int teardown(void **state)
{
	char command[128];

	lx_dispose(&lx_domain_config_type, &config);
	ctl_close(lx.ctl);
	xtl_logger_destroy(lx.log);
	fake_store_free(&store);
	fake_reset(0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static unsigned int files_in(const char *dir)
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

static void assert_no_trace(void)
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
	assert_null(lx.loop.fds);
	assert_null(lx.loop.timers);
}

/* Where libxl would look for the configuration of a domain. */
static void userdata_path(uint32_t domid, char path[512])
{
	char uuid[LX_UUID_TEXT];

	lx_uuid_text(config.c_info.uuid, uuid);
	snprintf(path, 512, "%s/userdata-d.%u.%s.libxl-json", libxls, domid, uuid);
}

/* Debian's tools find the configurations of our domains, and ours find Debian's. */
static void test_userdata(void **state)
{
	struct lx_domain_config saved;
	char path[512], other[600], text[256] = "";
	uint32_t domid;
	FILE *f;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	userdata_path(domid, path);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "{\n");
	/* What we change is seen there. */
	assert_int_equal(lx_rename(&lx, domid, "renamed"), 0);
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.name, "renamed");
	lx_dispose(&lx_domain_config_type, &saved);
	/* libxl changes a configuration by putting a file of its own there. */
	assert_int_equal(unlink(path), 0);
	f = fopen(path, "w");
	fputs("{ \"c_info\": { \"type\": \"pvh\", \"name\": \"by-libxl\", \"uuid\": \"", f);
	lx_uuid_text(config.c_info.uuid, text);
	fprintf(f, "%s\" }, \"b_info\": { \"type.pvh\": { \"pvshim\": \"False\" }, "
		"\"claim_mode\": \"True\", \"max_memkb\": 8192 }, "
		"\"on_crash\": \"preserve\" }", text);
	fclose(f);
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.name, "by-libxl");
	assert_int_equal(saved.b_info.max_memkb, 8192);
	assert_int_equal(saved.on_crash, LX_PRESERVE);
	lx_dispose(&lx_domain_config_type, &saved);
	assert_int_equal(lx_rename(&lx, domid, "again"), 0);
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.name, "again");
	lx_dispose(&lx_domain_config_type, &saved);
	/* The end of a domain removes all libxl keeps of it, and nothing of others. */
	snprintf(other, sizeof(other), "%s/userdata-d.9.00000000-0000-0000-0000-000000000001.xl",
		 libxls);
	f = fopen(other, "w");
	fclose(f);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(other), 0);
}

static void test_create(void **state)
{
	struct lx_domain_config saved;
	uint32_t domid, other;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(domid, 1);
	assert_false(fake_xen.d[1].paused);
	assert_true(fake_xen.d[1].params[HVM_PARAM_STORE_PFN]);
	assert_string_equal(fake_store_get(&store, "/local/domain/1/name"), "u1");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/cpu/1/availability"),
			    "offline");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/console/port"), "2");
	assert_int_equal(store.introduced, 1);
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.name, "u1");
	assert_int_equal(saved.on_crash, LX_PRESERVE);
	lx_dispose(&lx_domain_config_type, &saved);
	assert_int_equal(lx_find_domain(&lx, "u1", &other), 0);
	assert_int_equal(other, 1);
	/* A second one of that name, or of that UUID, is refused and changes nothing. */
	assert_int_equal(lx_create_now(&lx, &config, false, &other), -EEXIST);
	free(config.c_info.name);
	config.c_info.name = strdup("u2");
	assert_int_equal(lx_create_now(&lx, &config, false, &other), -EEXIST);
	assert_int_equal(files_in(states), 1);
	assert_int_equal(lx_destroy(&lx, 1), 0);
	assert_no_trace();
	assert_int_equal(lx_destroy(&lx, 1), -ESRCH);
}

/* A domain may have all free memory. One that needs a page more is not begun. */
static void test_last_page(void **state)
{
	uint32_t domid, pages;
	unsigned int created;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	pages = fake_xen.d[1].pages;
	assert_int_equal(lx_destroy(&lx, domid), 0);
	fake_xen.total_pages = pages;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_free_pages(), 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	fake_xen.total_pages = pages - 1;
	created = fake_xen.created;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -ENOMEM);
	assert_int_equal(fake_xen.created, created);
}

/* The guest owns what it must write, reads the rest of its own nodes, and nothing else. */
static void test_permissions(void **state)
{
	uint32_t domid;

	assert_int_equal(lx_create_now(&lx, &config, true, &domid), 0);
	assert_true(fake_xen.d[1].paused);
	for (unsigned int i = 0; i < store.nodes; i++) {
		const struct fake_node *n = &store.node[i];

		if (!strncmp(n->path, "/libxl/", 7)) {
			assert_int_equal(n->perms, 0);
			continue;
		}
		assert_true(n->perms >= 1);
		if (n->perm[0].domid == 1)
			assert_true(n->perms == 1 && !strncmp(n->path, "/local/domain/1/", 16));
		for (unsigned int k = 1; k < n->perms; k++)
			assert_false(n->perm[k].write);
	}
	lx_destroy(&lx, domid);
}

/* Every hypercall and mapping fails in turn, with two errors that mean different things. */
static void test_every_hypercall_fails(void **state)
{
	static const int with[] = { -ENOMEM, -EPERM };
	uint32_t domid;

	for (unsigned int k = 0; k < 2; k++) {
		unsigned int at = 0;
		int rc;

		do {
			fake_xen.calls = fake_xen.failed = 0;
			fake_xen.fail_at = ++at;
			fake_xen.fail_with = with[k];
			rc = lx_create_now(&lx, &config, false, &domid);
			fake_xen.fail_at = 0;
			if (rc)
				assert_no_trace();
			else
				assert_int_equal(lx_destroy(&lx, domid), 0);
			assert_no_trace();
		} while (fake_xen.failed);
		assert_true(at > 30);
	}
}

static void test_every_store_write_fails(void **state)
{
	unsigned int at = 0;
	uint32_t domid;
	int rc;

	do {
		store.changes = store.failed = 0;
		store.fail_at = ++at;
		rc = lx_create_now(&lx, &config, false, &domid);
		assert_int_equal(rc != 0, store.failed != 0);
		store.fail_at = 0;
		if (!rc)
			assert_int_equal(lx_destroy(&lx, domid), 0);
		assert_no_trace();
	} while (store.failed);
	assert_true(at > 50);
}

static void test_store_conflicts(void **state)
{
	uint32_t domid;

	store.conflicts = 3;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	store.conflicts = 1000;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EAGAIN);
	store.conflicts = 0;
	assert_no_trace();
}

static void test_state_folder_fails(void **state)
{
	uint32_t domid;

	lx.state_dir = kernel;	/* a file */
	assert_true(lx_create_now(&lx, &config, false, &domid) < 0);
	lx.state_dir = states;
	assert_no_trace();
}

static void test_bad_input(void **state)
{
	uint32_t domid;

	config.b_info.target_memkb = config.b_info.max_memkb = 128 << 10;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -ENOMEM);
	config.b_info.target_memkb = config.b_info.max_memkb = 8 << 10;
	config.b_info.max_vcpus = 0;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
	config.b_info.max_vcpus = 1;
	free(config.b_info.kernel);
	config.b_info.kernel = strdup("/nonexistent");
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -ENOENT);
	free(config.b_info.kernel);
	config.b_info.kernel = strdup(folder);
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
	assert_no_trace();
}

/* dom0's nodes: all or none, and never over what is there. */
static void test_dom0(void **state)
{
	unsigned int at = 0;
	int rc;

	do {
		assert_int_equal(store.nodes, 0);
		store.changes = store.failed = 0;
		store.fail_at = ++at;
		rc = lx_store_add_dom0(&lx);
		assert_int_equal(rc != 0, store.failed != 0);
		store.fail_at = 0;
	} while (rc);
	assert_true(at > 3);
	assert_string_equal(fake_store_get(&store, "/local/domain/0/domid"), "0");
	assert_int_equal(store.s.ops->write(&store.s, 0, "/local/domain/0/name", "boss"), 0);
	store.conflicts = 2;
	assert_int_equal(lx_store_add_dom0(&lx), 0);
	assert_string_equal(fake_store_get(&store, "/local/domain/0/name"), "boss");
	assert_string_equal(fake_store_get(&store, "/local/pool/0/name"), "Pool-0");
	store.blind = true;
	assert_int_equal(lx_store_add_dom0(&lx), -EIO);
	store.blind = false;
}

static struct lx_create creating;
static unsigned int turns, cancel_at;
static int result;

static void created(struct lx_op *op, int rc)
{
	result = rc;
}

static void count(struct lx_op *op, const char *step)
{
	if (++turns == cancel_at)
		lx_op_cancel(op);
}

/* Cancelled after each turn of the loop; the caller owns the loop here. */
static void test_cancel(void **state)
{
	do {
		struct pollfd fds[4];
		int timeout;

		turns = 0;
		cancel_at++;
		result = 1;
		memset(&creating, 0, sizeof(creating));
		creating.op.done = created;
		creating.op.progress = count;
		lx_create_start(&creating, &lx, &config, false);
		while (result == 1) {
			int n = lx_loop_before(&lx.loop, fds, 4, &timeout);

			assert_int_equal(n, 0);
			lx_loop_after(&lx.loop, fds, n);
		}
		lx_claim_drop(&lx, config.c_info.uuid, creating.claim);
		if (!result)
			lx_destroy(&lx, creating.domid);
		else
			assert_int_equal(result, -ECANCELED);
		assert_no_trace();
	} while (turns >= cancel_at);
	assert_true(cancel_at > 10);
}

/* A file, a block device and an interface. */
static void add_devices(void)
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

static void other_takes_name(void)
{
	store.s.ops->write(&store.s, 0, "/local/domain/3/name", "u1");
}

/* Another process takes the name while ours is making the domain, and both saw it free before. */
static void test_name_race(void **state)
{
	uint32_t domid;

	fake_xen.d[3].used = true;
	store.conflicts = 1;
	store.at_conflict = other_takes_name;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EEXIST);
	store.s.ops->remove(&store.s, 0, "/local/domain/3/name");
	/* The same in renaming. */
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	store.s.ops->write(&store.s, 0, "/local/domain/3/name", "u3");
	store.conflicts = 1;
	assert_int_equal(lx_rename(&lx, 3, "u1"), -EEXIST);
	assert_string_equal(fake_store_get(&store, "/local/domain/3/name"), "u3");
	/* A domain that is gone has no name, whatever it left. */
	fake_xen.d[3].used = false;
	store.conflicts = 0;
	assert_int_equal(lx_rename(&lx, domid, "u3"), 0);
	store.s.ops->remove(&store.s, 0, "/local/domain/3");
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

/* Its memory goes with the process. */
static void free_creation(struct lx_create *c)
{
	if (c->has_plan)
		bld_plan_free(&c->plan);
	bld_kernel_close(&c->kernel);
	if (c->kernel_file)
		munmap(c->kernel_file, c->kernel_bytes);
}

/* A process that makes the domain in test_killed(), and dies at a step of it. */
static void maker(unsigned int die_at)
{
	memset(&creating, 0, sizeof(creating));
	turns = 0;
	cancel_at = 0;
	creating.op.done = created;
	creating.op.progress = count;
	result = 1;
	lx_create_start(&creating, &lx, &config, false);
	while (result == 1 && turns < die_at) {
		struct pollfd fds[4];
		int timeout, n = lx_loop_before(&lx.loop, fds, 4, &timeout);

		lx_loop_after(&lx.loop, fds, n);
	}
	/* The kernel closes the file of one that was killed, and with it the lock. */
	if (result == 1) {
		lx_timer_cancel(&lx.loop, &creating.op.timer);
		if (creating.claim >= 0)
			close(creating.claim);
		creating.claim = -1;
	}
}

/* Killed after each turn: what it left is named, and goes; the next of this UUID does not mind. */
static void test_killed(void **state)
{
	unsigned int die_at = 0, found = 0, n;
	uint32_t domid;

	add_devices();
	do {
		struct lx_abandoned *a;

		maker(++die_at);
		a = lx_claims_abandoned(&lx, &n);
		assert_int_equal(n, result == 1 && die_at > 1);
		found += n;
		if (n && die_at % 2) {
			assert_memory_equal(a->uuid, config.c_info.uuid, 16);
			assert_false(a->made);
			assert_true(lx_claim_abandoned(&lx, a->uuid));
			assert_int_equal(lx_claim_clean(&lx, a), 0);
		} else if (n) {
			assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
			assert_int_equal(lx_destroy(&lx, domid), 0);
		}
		free(a);
		if (result == 1) {
			lx_dispose(&lx_domain_config_type, &creating.made);
			free_creation(&creating);
			assert_no_trace();
		}
	} while (result == 1);
	assert_true(found > 10);
	/* It is alive, and has made the domain; then it dies before anybody waits for the end. */
	assert_null(lx_claims_abandoned(&lx, &n));
	close(creating.claim);
	struct lx_abandoned *a = lx_claims_abandoned(&lx, &n);

	assert_int_equal(n, 1);
	assert_true(a->made);
	assert_int_equal(a->domid, creating.domid);
	assert_int_equal(lx_claim_clean(&lx, a), 0);
	assert_true(fake_xen.d[creating.domid].used);
	free(a);
	assert_int_equal(lx_destroy(&lx, creating.domid), 0);
	assert_no_trace();
}

/* The owner of a claim removes it after this process opened the file, before it locks that. */
static char removed_before_lock[512];

int __real_fcntl(int fd, int cmd, void *arg);
int __wrap_fcntl(int fd, int cmd, void *arg);
int __wrap_fcntl(int fd, int cmd, void *arg)
{
	if (cmd == F_OFD_SETLK && *removed_before_lock) {
		unlink(removed_before_lock);
		*removed_before_lock = '\0';
	}
	return __real_fcntl(fd, cmd, arg);
}

static void test_claim_removed_meanwhile(void **state)
{
	char uuid[LX_UUID_TEXT];
	int claim;

	lx_uuid_text(config.c_info.uuid, uuid);
	snprintf(removed_before_lock, sizeof(removed_before_lock), "%s/create-%s", runs, uuid);
	claim = lx_claim_take(&lx, config.c_info.uuid);
	assert_true(claim >= 0 && !*removed_before_lock);
	/* The file that it has locked is the one that others see. */
	assert_int_equal(files_in(runs), 1);
	assert_int_equal(lx_claim_take(&lx, config.c_info.uuid), -EEXIST);
	lx_claim_drop(&lx, config.c_info.uuid, claim);
	assert_no_trace();
}

/* Of two with one UUID the second says who the first is. */
static void test_claimed(void **state)
{
	int claim = lx_claim_take(&lx, config.c_info.uuid);
	uint32_t domid;

	assert_true(claim >= 0);
	assert_false(lx_claim_abandoned(&lx, config.c_info.uuid));
	assert_int_equal(lx_claim_take(&lx, config.c_info.uuid), -EEXIST);
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EEXIST);
	assert_int_equal(files_in(runs), 1);
	lx_claim_drop(&lx, config.c_info.uuid, claim);
	assert_no_trace();
	lx.run_dir = kernel;	/* a file */
	assert_true(lx_create_now(&lx, &config, false, &domid) < 0);
	lx.run_dir = runs;
	assert_no_trace();
}

/* Another toolstack's destroy leaves our file of the domain. The process that waited for its end
 * removes that, but not one of a domain that is there again or is being made. */
static void test_destroyed_by_others(void **state)
{
	uint32_t domid;
	int claim;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	lx_claim_forget_dead(&lx, config.c_info.uuid);
	assert_int_equal(files_in(states), 1);
	fake_xen.d[domid].used = false;
	claim = lx_claim_take(&lx, config.c_info.uuid);
	lx_claim_forget_dead(&lx, config.c_info.uuid);
	assert_int_equal(files_in(states), 1);
	lx_claim_drop(&lx, config.c_info.uuid, claim);
	lx_claim_forget_dead(&lx, config.c_info.uuid);
	assert_int_equal(files_in(states), 0);
	assert_int_equal(files_in(runs), 0);
	fake_xen.d[domid].used = true;
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

static void test_devices(void **state)
{
	struct lx_domain_config saved;
	unsigned int n;
	uint32_t domid, *ids;

	add_devices();
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(fake_host.connected, 1);
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51712/"
					   "physical-device"), "7:7");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/device/vbd/51712/backend"),
			    "/local/domain/0/backend/vbd/1/51712");
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vif/1/0/"
					   "hotplug-status"), "connected");
	/* Where libxl looks for a device. */
	assert_string_equal(fake_store_get(&store, "/libxl/1/type"), "pvh");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/frontend"),
			    "/local/domain/1/device/vbd/51712");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/backend"),
			    "/local/domain/0/backend/vbd/1/51712");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/dev"), "xvda");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/mode"), "w");
	assert_non_null(fake_store_get(&store, "/libxl/1/device/vbd/51712/params"));
	assert_non_null(fake_store_get(&store, "/libxl/1/device/vif/0/mac"));
	/* With these its script takes the disk away. */
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51712/script"),
			    "/etc/xen/scripts/block");
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51712/node"),
			    "/dev/loop7");
	/* The address chosen is kept, so that it survives a reboot of the guest. */
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.nics[0].mac, fake_store_get(&store, "/local/domain/0/backend/"
							      "vif/1/0/mac"));
	lx_dispose(&lx_domain_config_type, &saved);
	ids = lx_device_list(&lx, domid, LX_VBD, &n);
	assert_int_equal(n, 2);
	free(ids);
	store.connect_in = 1;
	assert_int_equal(lx_device_remove(&lx, &(struct lx_device){ LX_VBD, domid, 51712, 0 },
					  false), 0);
	assert_int_equal(fake_host.loops, 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

static void backend_closes(void)
{
	store.s.ops->write(&store.s, 0, "/local/domain/0/backend/vbd/1/51728/state", "6");
}

/* A device is not told to close while it is being connected, is told again if it did not hear, and
 * may close by itself meanwhile. */
static void test_remove_early(void **state)
{
	struct lx_device disk = { LX_VBD, 0, 51712 };

	add_devices();
	assert_int_equal(lx_create_now(&lx, &config, false, &disk.domid), 0);
	store.connect_in = 5;
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(store.told_early, 0);
	assert_int_equal(store.connect_in, 0);
	disk = (struct lx_device){ LX_VIF, disk.domid, 0 };
	store.connect_in = 1;
	store.overwrites = 2;
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(store.overwrites, 0);
	assert_int_equal(lx_device_state(&lx, &disk), -1);
	disk = (struct lx_device){ LX_VBD, disk.domid, 51728 };
	store.no_backends = true;
	store.conflicts = 1;
	store.at_conflict = backend_closes;
	assert_int_equal(lx_device_remove(&lx, &disk, true), 0);
	assert_int_equal(store.conflicts, 0);
	assert_int_equal(lx_destroy(&lx, disk.domid), 0);
	assert_no_trace();
}

/* A guest that does not answer: its interface goes, its disk does if it does not use it. */
static void test_remove_silent(void **state)
{
	static const char state_path[] = "/local/domain/1/device/vbd/51728/state";
	struct lx_device nic = { LX_VIF, 1, 0 }, disk = { LX_VBD, 1, 51712 };
	uint32_t domid;
	uint64_t before;

	add_devices();
	lx_answer_ms = 50;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	store.deaf = true;
	before = lx_now();
	assert_int_equal(lx_device_remove(&lx, &nic, false), 0);
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(fake_host.loops, 0);
	assert_true(lx_now() - before < 20 * 1000000000ULL);
	disk.devid = 51728;
	assert_int_equal(store.s.ops->write(&store.s, 0, state_path, "4"), 0);
	assert_int_equal(lx_device_remove(&lx, &disk, false), -EBUSY);
	assert_true(lx_device_state(&lx, &disk) >= 0);
	assert_int_equal(lx_device_remove(&lx, &disk, true), 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
	lx_answer_ms = 10000;
}

/* A disk that libxl attached: its script has set up the loop device, which is freed here. */
static void test_remove_of_libxl(void **state)
{
	static const char *const nodes[][2] = {
		{ "/libxl/1/device/vbd/51712/backend", "/local/domain/0/backend/vbd/1/51712" },
		{ "/local/domain/0/backend/vbd/1/51712/script", "/etc/xen/scripts/block" },
		{ "/local/domain/0/backend/vbd/1/51712/params", "/tmp/a.img" },
		{ "/local/domain/0/backend/vbd/1/51712/node", "/dev/loop7" },
		{ "/local/domain/0/backend/vbd/1/51712/online", "1" },
		{ "/local/domain/0/backend/vbd/1/51712/state", "6" },
	};
	struct lx_device disk = { LX_VBD, 1, 51712, 0 };

	fake_host.loops = 1;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		assert_int_equal(store.s.ops->write(&store.s, 0, nodes[i][0], nodes[i][1]), 0);
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(fake_host.loops, 0);
	assert_null(fake_store_get(&store, nodes[1][0]));
	assert_null(fake_store_get(&store, nodes[0][0]));
}

/* dom0's devices would miss the guest's pages, so a loop device copies from a block device. */
static void test_unreachable(void **state)
{
	static const char node[] = "/local/domain/0/backend/vbd/1/51728/node";
	uint32_t domid;

	add_devices();
	fake_host.bounces = false;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.loops, 2);
	assert_string_equal(fake_store_get(&store, node), "/dev/loop7");
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_int_equal(fake_host.loops, 0);
	fake_xen.capabilities = XEN_SYSCTL_PHYSCAP_directio;
	lx_uuid_random(config.c_info.uuid);
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

/* Everything that can fail with devices there: hypercalls, xenstore, the host. */
static void test_devices_fail(void **state)
{
	unsigned int *counters[] = { &fake_xen.fail_at, &store.fail_at, &fake_host.fail_at };
	unsigned int *counts[] = { &fake_xen.calls, &store.changes, &fake_host.calls };

	add_devices();
	fake_xen.fail_with = -EINVAL;
	for (unsigned int k = 0; k < 3; k++) {
		unsigned int at = 0;
		uint32_t domid;
		int rc;

		do {
			fake_xen.calls = store.changes = fake_host.calls = 0;
			*counters[k] = ++at;
			rc = lx_create_now(&lx, &config, false, &domid);
			*counters[k] = 0;
			if (!rc)
				lx_destroy(&lx, domid);
			assert_no_trace();
		} while (rc || *counts[k] >= at);
	}
}

static void test_disk_names(void **state)
{
	static const struct {
		const char *name;
		uint32_t number;
	} good[] = {
		{ "xvda", 51712 }, { "xvdb3", 51731 }, { "xvdp15", 51967 },
		{ "xvda16", 1 << 28 | 16 }, { "xvdp255", 1 << 28 | 15 << 8 | 255 },
		{ "xvdq", 1 << 28 | 16 << 8 }, { "xvdaa", 1 << 28 | 26 << 8 }, { "hda", 768 },
		{ "hdd1", 5697 }, { "sda", 2048 }, { "sdb1", 2065 }, { "d2p3", 51747 }, { "7", 7 },
	};
	static const char *const bad[] = { "", "xvd", "xvda0", "xvdA", "xvdabc", "hde", "sdq",
		"xvda-1", "xvda1x", "d", "dp", "xvda99999999999" };
	uint32_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(lx_vdev_number(good[i].name, &n));
		assert_int_equal(n, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(lx_vdev_number(bad[i], &n));
}

static unsigned int deaths;
static enum lx_death last_death;

static void died(struct lx_death_watch *w, enum lx_death how)
{
	deaths++;
	last_death = how;
	lx_loop_stop(&w->lx->loop);
}

static void turn_loop(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		struct pollfd fds[4];
		int timeout, n = lx_loop_before(&lx.loop, fds, 4, &timeout);

		poll(fds, (nfds_t)n, 0);
		lx_loop_after(&lx.loop, fds, n);
	}
}

static void test_death(void **state)
{
	struct lx_death_watch w = { .fn = died };
	uint32_t domid;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	deaths = 0;
	assert_int_equal(lx_death_watch_start(&w, &lx, domid), 0);
	/* Somebody else's death is none. */
	fake_store_fire(&store);
	turn_loop(3);
	assert_int_equal(deaths, 0);
	assert_int_equal(ctl_domain_shutdown(lx.ctl, domid, SHUTDOWN_crash), 0);
	fake_store_fire(&store);
	assert_int_equal(lx_loop_run(&lx.loop), 0);
	assert_int_equal(deaths, 1);
	assert_int_equal(last_death, LX_DEATH_CRASH);
	assert_int_equal(lx_action_for(&config, last_death), LX_PRESERVE);
	assert_int_equal(lx_action_for(&config, LX_DEATH_REBOOT), LX_RESTART);
	assert_int_equal(store.watches, 0);
	lx_destroy(&lx, domid);
	/* It may be gone before anybody looks. */
	assert_int_equal(lx_death_watch_start(&w, &lx, domid), 0);
	assert_int_equal(lx_loop_run(&lx.loop), 0);
	assert_int_equal(last_death, LX_DEATH_GONE);
	assert_no_trace();
}

/* A setting is given to the scheduler that has it, and refused for any other. */
static void test_scheduling(void **state)
{
	static const uint32_t without[] = { XEN_SCHEDULER_CREDIT, XEN_SCHEDULER_CREDIT2,
					    XEN_SCHEDULER_ARINC653, XEN_SCHEDULER_NULL };
	struct lx_sched *s = &config.b_info.sched_params;
	uint32_t domid;

	*s = (struct lx_sched){ -1, -1, 20000, 5000, 0 };
	for (unsigned int i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		fake_xen.pool[0].sched = without[i];
		assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
		assert_no_trace();
	}
	fake_xen.pool[0].sched = XEN_SCHEDULER_RTDS;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(fake_xen.d[domid].rtds[i].period, 20000);
		assert_int_equal(fake_xen.d[domid].rtds[i].budget, 5000);
		assert_int_equal(fake_xen.d[domid].rtds[i].flags, 0);
	}
	lx_destroy(&lx, domid);
	/* What is not set is the scheduler's, and may not fit. */
	s->period = -1;
	fake_xen.d[1].rtds[0].period = 0;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
	assert_no_trace();
	*s = (struct lx_sched){ 300, -1, -1, -1, -1 };
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
	fake_xen.pool[0].sched = XEN_SCHEDULER_CREDIT;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_xen.d[domid].credit.weight, 300);
	lx_destroy(&lx, domid);
	assert_no_trace();
}

/* In another pool a domain has that scheduler's defaults, also when it is made anew. */
static void test_move_to_pool(void **state)
{
	struct lx_domain_config saved;
	uint32_t domid, id;

	config.b_info.sched_params.weight = 300;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	fake_xen.cpus = 4;
	assert_int_equal(lx_pool_create(&lx, "rt", XEN_SCHEDULER_RTDS, &(struct lx_cpumap){ { 8 } },
					&id), 0);
	assert_int_equal(lx_pool_move_domain(&lx, id, domid), 0);
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.pool_name, "rt");
	assert_int_equal(saved.b_info.sched_params.weight, -1);
	lx_destroy(&lx, domid);
	assert_int_equal(lx_create_now(&lx, &saved, false, &domid), 0);
	assert_int_equal(fake_xen.d[domid].pool, id);
	lx_dispose(&lx_domain_config_type, &saved);
	lx_destroy(&lx, domid);
	assert_int_equal(lx_pool_destroy(&lx, id), 0);
	assert_no_trace();
}

/* What is changed on the running domain is in its file. */
static void test_state_follows(void **state)
{
	struct lx_domain_config saved;
	struct lx_cpumap both = { { 3 } };
	uint32_t domid;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(lx_rename(&lx, domid, "other"), 0);
	assert_int_equal(lx_rename(&lx, domid, "a/b"), -EINVAL);
	assert_int_equal(lx_set_vcpus(&lx, domid, &both), 0);
	assert_int_equal(lx_set_max_memory(&lx, domid, 16 << 10), 0);
	assert_int_equal(lx_set_memory_target(&lx, domid, 9 << 10), 0);
	assert_int_equal(lx_set_memory_target(&lx, domid, 17 << 10), -EINVAL);
	assert_int_equal(lx_set_max_memory(&lx, domid, 1 << 10), -EINVAL);
	assert_string_equal(fake_store_get(&store, "/local/domain/1/cpu/1/availability"),
			    "online");
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.name, "other");
	assert_true(lx_cpumap_test(&saved.b_info.avail_vcpus, 1));
	assert_int_equal(saved.b_info.max_memkb, 16 << 10);
	assert_int_equal(saved.b_info.target_memkb, 9 << 10);
	lx_dispose(&lx_domain_config_type, &saved);
	lx_destroy(&lx, domid);
	assert_no_trace();
}

/* While xenstored is away the hypervisor is asked now and then; when it is back, events count. */
static void test_death_without_store(void **state)
{
	struct lx_death_watch w = { .fn = died };
	uint32_t domid;

	for (unsigned int back = 0; back < 2; back++) {
		assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
		deaths = 0;
		assert_int_equal(lx_death_watch_start(&w, &lx, domid), 0);
		store.away = true;
		for (unsigned int i = 0; i < 3; i++) {
			assert_true(w.timer.armed);
			w.timer.at = 0;
			turn_loop(1);
		}
		assert_null(lx.loop.fds);
		store.away = !back;
		w.timer.at = 0;
		turn_loop(1);
		assert_int_equal(lx.loop.fds != NULL, back);
		assert_int_equal(ctl_domain_shutdown(lx.ctl, domid, SHUTDOWN_poweroff), 0);
		if (back)
			fake_store_fire(&store);
		else
			w.timer.at = 0;
		assert_int_equal(lx_loop_run(&lx.loop), 0);
		assert_int_equal(deaths, 1);
		assert_int_equal(last_death, LX_DEATH_POWEROFF);
		store.away = false;
		lx_destroy(&lx, domid);
	}
	assert_no_trace();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create), TEST(test_last_page), TEST(test_userdata),
		TEST(test_permissions), TEST(test_every_hypercall_fails),
		TEST(test_every_store_write_fails), TEST(test_store_conflicts),
		TEST(test_dom0),
		TEST(test_state_folder_fails), TEST(test_bad_input), TEST(test_remove_silent),
		TEST(test_name_race),
		TEST(test_killed), TEST(test_claimed), TEST(test_claim_removed_meanwhile),
		TEST(test_destroyed_by_others),
		TEST(test_cancel),
		TEST(test_devices), TEST(test_remove_of_libxl), TEST(test_remove_early),
		TEST(test_unreachable),
		TEST(test_devices_fail), TEST(test_disk_names), TEST(test_death),
		TEST(test_death_without_store), TEST(test_state_follows),
		TEST(test_scheduling), TEST(test_move_to_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
