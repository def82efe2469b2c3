/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's firmware: SMCCC 1.1 and PSCI 1.0, with the figures of their specifications. */
#include "unit.h"

#include <string.h>

#include <xen/arm/vpsci.h>
#include <xen/compiler.h>
#include <xen/ops.h>

#define VCPUS 40		/* three clusters of MPIDR, the last one not full */
#define ABSENT 37		/* was never created */

#define VERSION 0x84000000
#define CPU_SUSPEND 0x84000001
#define CPU_OFF 0x84000002
#define CPU_ON 0x84000003
#define AFFINITY_INFO 0x84000004
#define MIGRATE 0x84000005
#define MIGRATE_INFO_TYPE 0x84000006
#define SYSTEM_OFF 0x84000008
#define SYSTEM_RESET 0x84000009
#define FEATURES 0x8400000a
#define SYSTEM_SUSPEND 0x8400000e
#define CALL_64 0x40000000

#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define ALREADY_ON (-4)
#define INVALID_ADDRESS (-9)

static bool is_on[VCPUS];
static u64 started_at[VCPUS], started_with[VCPUS];
static u32 suspended, resets, poweroffs;

static enum vpsci_power power(struct vpsci *p, u32 vcpu)
{
	return vcpu == ABSENT ? VPSCI_ABSENT : is_on[vcpu] ? VPSCI_ON : VPSCI_OFF;
}

static bool turn_on(struct vpsci *p, u32 vcpu, u64 entry, u64 arg)
{
	assert_int_not_equal(vcpu, ABSENT);
	if (is_on[vcpu])
		return false;
	is_on[vcpu] = true;
	started_at[vcpu] = entry;
	started_with[vcpu] = arg;
	return true;
}

static void turn_off(struct vpsci *p, u32 vcpu) { is_on[vcpu] = false; }
static void suspend(struct vpsci *p, u32 vcpu) { suspended++; }
static void shut_down(struct vpsci *p, bool reset) { *(reset ? &resets : &poweroffs) += 1; }
static const struct vpsci_ops ops = { power, turn_on, turn_off, suspend, shut_down };
OPS_TABLE(ops, power);

static struct vpsci psci;

static int setup(void **state)
{
	psci = (struct vpsci){ &ops, VCPUS };
	memset(is_on, 0, sizeof(is_on));
	is_on[0] = true;
	suspended = resets = poweroffs = 0;
	return 0;
}

/* vCPU 0 calls. Nothing but X0 changes. */
static long call(u32 fn, u64 x1, u64 x2, u64 x3)
{
	struct cpu_regs r = { .x = { 0xdead00000000UL | fn, x1, x2, x3 }, .pc = 0x1000 }, was = r;

	vpsci_call(&psci, 0, &r);
	was.x[0] = r.x[0];
	assert_memory_equal(&r, &was, sizeof(r));
	return (long)r.x[0];
}

static void test_versions(void **state)
{
	assert_int_equal(call(0x80000000, 0, 0, 0), 0x10001);
	assert_int_equal(call(VERSION, 0, 0, 0), 0x10000);
	assert_int_equal(call(MIGRATE_INFO_TYPE, 0, 0, 0), 2);
}

static void test_features(void **state)
{
	static const u32 there[] = {
		0x80000000, 0x80000001, VERSION, CPU_SUSPEND, CPU_SUSPEND | CALL_64, CPU_OFF,
		CPU_ON, CPU_ON | CALL_64, AFFINITY_INFO, AFFINITY_INFO | CALL_64, MIGRATE_INFO_TYPE,
		SYSTEM_OFF, SYSTEM_RESET, FEATURES,
	};
	/* Of the last ones: the mitigations of Spectre, which the machine's firmware has. */
	static const u32 missing[] = {
		0, ~0U, VERSION | CALL_64, CPU_OFF | CALL_64, MIGRATE, SYSTEM_SUSPEND, 0x84000012,
		0x8600ff01, 0x80008000, 0x80007fff,
	};

	for (u32 i = 0; i < ARRAY_SIZE(there); i++) {
		assert_int_equal(call(FEATURES, there[i], 0, 0), 0);
		assert_int_equal(call(0x80000001, there[i], 0, 0), 0);
	}
	for (u32 i = 0; i < ARRAY_SIZE(missing); i++) {
		assert_int_equal(call(FEATURES, missing[i], 0, 0), NOT_SUPPORTED);
		assert_int_equal(call(missing[i], 0, 0, 0), NOT_SUPPORTED);
	}
}

static void test_cpu_on(void **state)
{
	/* vCPU 35 is number 3 of cluster 2. */
	assert_int_equal(call(CPU_ON | CALL_64, 0x203, 0xffff000040080000, 0x123456789), 0);
	assert_true(is_on[35]);
	assert_int_equal(started_at[35], 0xffff000040080000);
	assert_int_equal(started_with[35], 0x123456789);
	assert_int_equal(call(CPU_ON | CALL_64, 0x203, 0x40080000, 0), ALREADY_ON);
	assert_int_equal(call(CPU_ON | CALL_64, 0, 0x40080000, 0), ALREADY_ON);
	assert_int_equal(started_at[35], 0xffff000040080000);
	/* The 32-bit call has arguments of 32 bits. */
	assert_int_equal(call(CPU_ON, 0xabcd00000001, 0xabcd40080000, 0xabcd00000007), 0);
	assert_int_equal(started_at[1], 0x40080000);
	assert_int_equal(started_with[1], 7);
}

static void test_wrong_targets(void **state)
{
	/* Other affinities, more than 16 to a cluster, flags of MPIDR_EL1, no such vCPU. */
	static const u64 wrong[] = {
		0x10, 0x1f, 0xff, 0x205, 0x208, 0x300, 0xff00, 0x10000, 0x80000000, 0x40000001,
		0x1000000, 0x100000001, ~0UL,
	};

	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(call(CPU_ON | CALL_64, wrong[i], 0x1000, 0), INVALID_PARAMETERS);
		assert_int_equal(call(AFFINITY_INFO | CALL_64, wrong[i], 0, 0), INVALID_PARAMETERS);
	}
	for (u32 i = 1; i < VCPUS; i++)
		assert_false(is_on[i]);
	assert_int_equal(call(CPU_ON | CALL_64, 1, 0x1002, 0), INVALID_ADDRESS);
	assert_false(is_on[1]);
}

static void test_off_and_affinity(void **state)
{
	assert_int_equal(call(AFFINITY_INFO, 0, 0, 0), 0);
	assert_int_equal(call(AFFINITY_INFO | CALL_64, 0x100, 0, 0), 1);
	assert_int_equal(call(AFFINITY_INFO, 0, 1, 0), INVALID_PARAMETERS);
	call(CPU_OFF, 0, 0, 0);
	assert_int_equal(call(AFFINITY_INFO, 0, 0, 0), 1);
}

static void test_suspend(void **state)
{
	/* Standby, and power down of this CPU and of its cluster: the caller continues. */
	static const u32 fine[] = { 0, 0xffff, 1 << 16, 1 << 16 | 1 << 24, 3 << 24 };
	static const u32 reserved[] = { 1 << 17, 1 << 23, 1 << 26, 1U << 31 };

	for (u32 i = 0; i < ARRAY_SIZE(fine); i++) {
		assert_int_equal(call(CPU_SUSPEND, fine[i], 0x1000, 0), 0);
		assert_int_equal(call(CPU_SUSPEND | CALL_64, fine[i], 0x1000, 0), 0);
		assert_int_equal(suspended, 2 * (i + 1));
	}
	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++)
		assert_int_equal(call(CPU_SUSPEND, reserved[i], 0, 0), INVALID_PARAMETERS);
	assert_int_equal(suspended, 2 * ARRAY_SIZE(fine));
}

static void test_system(void **state)
{
	call(SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(resets, 1);
	assert_int_equal(poweroffs, 0);
	call(SYSTEM_OFF, 0, 0, 0);
	assert_int_equal(resets, 1);
	assert_int_equal(poweroffs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_versions, setup),
		cmocka_unit_test_setup(test_features, setup),
		cmocka_unit_test_setup(test_cpu_on, setup),
		cmocka_unit_test_setup(test_wrong_targets, setup),
		cmocka_unit_test_setup(test_off_and_affinity, setup),
		cmocka_unit_test_setup(test_suspend, setup),
		cmocka_unit_test_setup(test_system, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
