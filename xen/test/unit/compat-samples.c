/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The samples themselves; compiled for x86-64 and, as the ABI of 32-bit guests, for i386. */
#include "compat-samples.h"

/* A pointer that a 32-bit guest may hold. */
#define AT(x) ((void *)(uintptr_t)(x))

const struct xen_memory_reservation sample_xen_memory_reservation = {
	.extent_start = { AT(0x81234568) }, .nr_extents = 0x90000001, .extent_order = 9,
	.mem_flags = 0x12345678, .domid = 0x7ff0 };
const struct xen_add_to_physmap sample_xen_add_to_physmap = {
	.domid = 5, .size = 0x4321, .space = 4, .idx = 0xfedcba98, .gpfn = 0x89abcdef };
const struct xen_add_to_physmap_batch sample_xen_add_to_physmap_batch = {
	.domid = 1, .space = 2, .size = 3, .u.foreign_domid = 4, .idxs = { AT(0xa0000004) },
	.gpfns = { AT(0xb0000008) }, .errs = { AT(0xc000000c) } };
const struct xen_remove_from_physmap sample_xen_remove_from_physmap = {
	.domid = 0x7ff1, .gpfn = 0xffffffff };
const struct xen_pod_target sample_xen_pod_target = {
	.target_pages = 0x1122334455667788, .tot_pages = 0x99aabbccddeeff00,
	.pod_cache_pages = 0x123456789abcdef0, .pod_entries = 0x0fedcba987654321, .domid = 0x7ff0,
};

const struct xen_mem_acquire_resource sample_xen_mem_acquire_resource = {
	.domid = 7, .type = 1, .id = 2, .nr_frames = 3, .frame = 0x123456789abcdef0,
	.frame_list = { AT(0xfffffffc) } };
const struct xen_memory_map sample_xen_memory_map = {
	.nr_entries = 0x80000000, .buffer = { AT(0xdeadbeef) } };
const struct xen_foreign_memory_map sample_xen_foreign_memory_map = {
	.domid = 9, .map = { .nr_entries = 17, .buffer = { AT(0x80001000) } } };
const struct multicall_entry sample_multicall_entry = {
	.op = 13, .result = 0x7fffffff, .args = { 1, 0x80000002, 3, 0xfffffffc, 5, 6 } };
const struct xen_platform_parameters sample_xen_platform_parameters = { .virt_start = 0xf5800000 };
const struct gnttab_setup_table sample_gnttab_setup_table = {
	.dom = 0x7ff0, .nr_frames = 4, .status = -3, .frame_list = { AT(0x40000000) } };
const struct gnttab_copy sample_gnttab_copy = {
	.source = { .u.gmfn = 0xfffffffe, .domid = 1, .offset = 0x111 },
	.dest = { .u.gmfn = 0x80000000, .domid = 2, .offset = 0x222 },
	.len = 0x333, .flags = 3, .status = -11 };
const struct gnttab_get_status_frames sample_gnttab_get_status_frames = {
	.nr_frames = 1, .dom = 0x7ff0, .status = -1, .frame_list = { AT(0x99999990) } };
const struct vcpu_runstate_info sample_vcpu_runstate_info = {
	.state = 2, .state_entry_time = 0x8000000000000001,
	.time = { 0x1111111122222222, 0x3333333344444444, 0x5555555566666666, 0x7777777788888888 }
};
const struct vcpu_register_runstate_memory_area sample_vcpu_register_runstate_memory_area = {
	.addr.h = { AT(0xcafe0008) } };
const struct vcpu_set_singleshot_timer sample_vcpu_set_singleshot_timer = {
	.timeout_abs_ns = 0xfedcba9876543210, .flags = 1 };
const struct sched_poll sample_sched_poll = {
	.ports = { AT(0x8000ff00) }, .nr_ports = 3, .timeout = 0x0123456789abcdef };
const struct xen_domctl sample_xen_domctl = {
	.cmd = XEN_DOMCTL_getpageframeinfo3, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
	.domain = 3, .u.getpageframeinfo3 = { .num = 1024, .array = { AT(0x87654320) } } };
const struct xen_platform_op sample_xen_platform_op = {
	.cmd = XENPF_resource_op, .interface_version = XENPF_INTERFACE_VERSION,
	.u.resource_op = { .nr_entries = 3, .cpu = 7, .entries = { AT(0xfedcba98) } } };
const struct xen_dm_op_buf sample_xen_dm_op_buf = {
	.h = { AT(0x8a000010) }, .size = 0xfffffff0 };

const struct physdev_map_pirq sample_physdev_map_pirq = {
	.domid = 0x7ff1, .type = 3, .index = -1, .pirq = -2, .bus = 0x10002, .devfn = 0xff,
	.entry_nr = 7, .table_base = 0x123456789abcdef0 };

#define SIZE(tag) const unsigned int size_##tag = sizeof(struct tag);
COMPAT_SAMPLES(SIZE)

/* The layout of the shared page. */
#define AT_OFFSET(name, member)                                                                    \
	const unsigned int offset_##name = offsetof(struct shared_info, member);
COMPAT_SHARED(AT_OFFSET)
const unsigned int offset_selector = offsetof(struct vcpu_info, evtchn_pending_sel);
