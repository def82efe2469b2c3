/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating and ending domains: what is there afterwards, and that a failure at any hypercall or any
 * write to xenstore leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "light-world.h"

#include <public/hvm/params.h>
#include <public/sched.h>

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

/* The calls that lend devices of the host; a guest on x86 that asks for them is refused. */
static void test_host_devices(void **state)
{
	const struct fake_domain *d = &fake_xen.d[1];
	uint32_t domid;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(ctl_domain_give_registers(lx.ctl, domid, 0x9010, 130, 0x20000), 0);
	assert_int_equal(d->given_frames, 130);
	assert_int_equal(ctl_domain_give_interrupt(lx.ctl, domid, 34), 0);
	assert_int_equal(d->given_irq, 34);
	assert_int_equal(ctl_domain_give_tree_device(lx.ctl, domid, "/soc/net"), 0);
	assert_string_equal(d->given_path, "/soc/net");
	assert_int_equal(lx_destroy(&lx, domid), 0);
	config.dtdevs = calloc(1, sizeof(*config.dtdevs));
	config.nr_dtdevs = 1;
	config.dtdevs->path = strdup("/soc/net");
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_userdata), TEST(test_create), TEST(test_host_devices),
		TEST(test_last_page),
		TEST(test_permissions), TEST(test_every_hypercall_fails),
		TEST(test_every_store_write_fails), TEST(test_store_conflicts),
		TEST(test_state_folder_fails), TEST(test_bad_input), TEST(test_dom0),
		TEST(test_cancel), TEST(test_name_race), TEST(test_killed),
		TEST(test_claim_removed_meanwhile), TEST(test_claimed),
		TEST(test_destroyed_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
