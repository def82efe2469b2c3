/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations, one a row: a call's name, shape, weight, number, command, structure, fields. */
#include "grammar.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

#define FIELD(t, f, place, v) { #f, place, v, offsetof(t, f), sizeof(((t *)0)->f) }
#define CALL(name, shape, weight, nr, cmd, t, ...)                                                 \
	{ name, shape, weight, __HYPERVISOR_##nr, cmd, sizeof(t), NULL, { __VA_ARGS__ } }
/* Any command of a call, with the buffer's bytes as its structure. */
#define ANY(name, weight, nr)                                                                      \
	{ name, REGISTERS, weight, __HYPERVISOR_##nr, 0, 0, NULL,                                  \
	  { REG(cmd, V_CMD), REG(arg, V_BUFFER), REG(count, V_SMALL) } }
#define REG(name, v) { #name, IN_REGISTER, v, 0, 8 }
#define DO(name, weight, fn, ...) { name, FUNCTION, weight, 0, 0, 0, fn, { __VA_ARGS__ } }

/* Within a group of rows, T is the structure. */
#define IN(f, v) FIELD(T, f, IN_STRUCT, v)
#define OUT(f) FIELD(T, f, OUT_STRUCT, V_ZERO)
#define PORT(f) FIELD(T, f, OUT_PORT, V_ZERO)
#define HANDLE(f) FIELD(T, f, OUT_HANDLE, V_ZERO)
#define HIDE(f) FIELD(T, f, OUT_HIDDEN, V_ZERO)
#define EVTCHN(cmd, weight, ...)                                                                   \
	CALL("evtchn." #cmd, CMD_STRUCT, weight, event_channel_op, EVTCHNOP_##cmd,                 \
	     struct evtchn_##cmd, __VA_ARGS__)
#define GNTTAB(cmd, weight, ...)                                                                   \
	CALL("gnttab." #cmd, CMD_STRUCT_COUNT, weight, grant_table_op, GNTTABOP_##cmd,             \
	     struct gnttab_##cmd, __VA_ARGS__)
#define MEMORY(cmd, weight, ...)                                                                   \
	CALL("memory." #cmd, CMD_STRUCT, weight, memory_op, XENMEM_##cmd, T, __VA_ARGS__)
#define VCPU(cmd, weight, ...)                                                                     \
	CALL("vcpu." #cmd, CMD_VCPU_STRUCT, weight, vcpu_op, VCPUOP_##cmd, T, __VA_ARGS__)
#define SCHED(cmd, weight, ...)                                                                    \
	CALL("sched." #cmd, CMD_STRUCT, weight, sched_op, SCHEDOP_##cmd, T, __VA_ARGS__)
#define HVM(cmd, weight, ...)                                                                      \
	CALL("hvm." #cmd, CMD_STRUCT, weight, hvm_op, HVMOP_##cmd, T, __VA_ARGS__)

const struct operation grammar[] = {
	/* Event channels */
#define T struct evtchn_alloc_unbound
	EVTCHN(alloc_unbound, 10, IN(dom, V_DOM), IN(remote_dom, V_DOM), PORT(port)),
#undef T
#define T struct evtchn_bind_interdomain
	EVTCHN(bind_interdomain, 10, IN(remote_dom, V_DOM), IN(remote_port, V_PORT),
	       PORT(local_port)),
#undef T
#define T struct evtchn_bind_virq
	EVTCHN(bind_virq, 8, IN(virq, V_VIRQ), IN(vcpu, V_VCPU), PORT(port)),
#undef T
#define T struct evtchn_bind_ipi
	EVTCHN(bind_ipi, 8, IN(vcpu, V_VCPU), PORT(port)),
#undef T
#define T struct evtchn_close
	EVTCHN(close, 8, IN(port, V_PORT)),
#undef T
#define T struct evtchn_send
	EVTCHN(send, 14, IN(port, V_PORT)),
#undef T
#define T struct evtchn_status
	EVTCHN(status, 10, IN(dom, V_DOM), IN(port, V_PORT), OUT(status), OUT(vcpu), OUT(u)),
#undef T
#define T struct evtchn_bind_vcpu
	EVTCHN(bind_vcpu, 4, IN(port, V_PORT), IN(vcpu, V_VCPU)),
#undef T
#define T struct evtchn_unmask
	EVTCHN(unmask, 8, IN(port, V_PORT)),
#undef T
#define T struct evtchn_reset
	EVTCHN(reset, 1, IN(dom, V_DOM)),
#undef T
#define T struct evtchn_init_control
	EVTCHN(init_control, 2, IN(control_gfn, V_GFN), IN(offset, V_OFFSET), IN(vcpu, V_VCPU),
	       OUT(link_bits)),
#undef T
#define T struct evtchn_expand_array
	EVTCHN(expand_array, 2, IN(array_gfn, V_GFN)),
#undef T
#define T struct evtchn_set_priority
	EVTCHN(set_priority, 4, IN(port, V_PORT), IN(priority, V_SMALL)),
#undef T
	{ "evtchn.any", REGISTERS, 2, __HYPERVISOR_event_channel_op, 0, 0, NULL,
	  { REG(cmd, V_UNKNOWN), REG(arg, V_BUFFER) } },

	/* Grants */
#define T struct gnttab_map_grant_ref
	GNTTAB(map_grant_ref, 12, IN(host_addr, V_GPA), IN(flags, V_FLAGS), IN(ref, V_REF),
	       IN(dom, V_DOM), OUT(status), HANDLE(handle), HIDE(dev_bus_addr)),
#undef T
#define T struct gnttab_unmap_grant_ref
	GNTTAB(unmap_grant_ref, 10, IN(host_addr, V_GPA), IN(dev_bus_addr, V_ZERO),
	       IN(handle, V_HANDLE), OUT(status)),
#undef T
#define T struct gnttab_setup_table
	GNTTAB(setup_table, 2, IN(dom, V_DOM), IN(nr_frames, V_SMALL), IN(frame_list, V_GFNS),
	       OUT(status)),
#undef T
#define T struct gnttab_dump_table
	GNTTAB(dump_table, 1, IN(dom, V_DOM), OUT(status)),
#undef T
#define T struct gnttab_transfer
	GNTTAB(transfer, 1, IN(mfn, V_GFN), IN(domid, V_DOM), IN(ref, V_REF), OUT(status)),
#undef T
#define T struct gnttab_copy
	GNTTAB(copy, 12, IN(source.u, V_GFN), IN(source.domid, V_DOM), IN(source.offset, V_OFFSET),
	       IN(dest.u, V_GFN), IN(dest.domid, V_DOM), IN(dest.offset, V_OFFSET),
	       IN(len, V_ANY16), IN(flags, V_ZERO), OUT(status)),
	CALL("gnttab.copy_from", CMD_STRUCT_COUNT, 6, grant_table_op, GNTTABOP_copy, T,
	     IN(source.u.ref, V_REF), IN(source.domid, V_DOM), IN(source.offset, V_OFFSET),
	     IN(dest.u, V_GFN), IN(dest.domid, V_DOM), IN(dest.offset, V_OFFSET), IN(len, V_ANY8),
	     IN(flags, V_FLAGS), OUT(status)),
#undef T
#define T struct gnttab_query_size
	GNTTAB(query_size, 3, IN(dom, V_DOM), OUT(nr_frames), OUT(max_nr_frames), OUT(status)),
#undef T
#define T struct gnttab_unmap_and_replace
	GNTTAB(unmap_and_replace, 1, IN(host_addr, V_GPA), IN(new_addr, V_GPA),
	       IN(handle, V_HANDLE), OUT(status)),
#undef T
#define T struct gnttab_set_version
	GNTTAB(set_version, 3, IN(version, V_SMALL), OUT(version)),
#undef T
#define T struct gnttab_get_status_frames
	GNTTAB(get_status_frames, 2, IN(nr_frames, V_SMALL), IN(dom, V_DOM),
	       IN(frame_list, V_GFNS), OUT(status)),
#undef T
#define T struct gnttab_get_version
	GNTTAB(get_version, 2, IN(dom, V_DOM), IN(pad, V_ZERO), OUT(version)),
#undef T
#define T struct gnttab_swap_grant_ref
	GNTTAB(swap_grant_ref, 4, IN(ref_a, V_REF), IN(ref_b, V_REF), OUT(status)),
#undef T
#define T struct gnttab_cache_flush
	GNTTAB(cache_flush, 3, IN(a, V_GPA), IN(offset, V_OFFSET), IN(length, V_ANY16),
	       IN(op, V_FLAGS)),
#undef T
	ANY("gnttab.any", 2, grant_table_op),

	/* Memory */
#define T struct xen_memory_reservation
	MEMORY(populate_physmap, 8, IN(extent_start, V_HOLES), IN(nr_extents, V_COUNT),
	       IN(extent_order, V_ORDER), IN(mem_flags, V_ZERO), IN(domid, V_DOM)),
	MEMORY(decrease_reservation, 4, IN(extent_start, V_GFNS), IN(nr_extents, V_COUNT),
	       IN(extent_order, V_ORDER), IN(mem_flags, V_ZERO), IN(domid, V_DOM)),
	MEMORY(increase_reservation, 1, IN(extent_start, V_GFNS), IN(nr_extents, V_COUNT),
	       IN(extent_order, V_ORDER), IN(mem_flags, V_ZERO), IN(domid, V_DOM)),
#undef T
#define T struct xen_memory_domain
	MEMORY(current_reservation, 3, IN(domid, V_DOM)),
	MEMORY(maximum_reservation, 3, IN(domid, V_DOM)),
	MEMORY(maximum_gpfn, 3, IN(domid, V_DOM)),
	MEMORY(maximum_ram_page, 1, IN(domid, V_DOM)),
#undef T
#define T struct xen_add_to_physmap
	MEMORY(add_to_physmap, 8, IN(domid, V_DOM), IN(size, V_RANGE), IN(space, V_SPACE),
	       IN(idx, V_GFN), IN(gpfn, V_GFN)),
	CALL("memory.map_special", CMD_STRUCT, 6, memory_op, XENMEM_add_to_physmap, T,
	     IN(domid, V_DOM), IN(space, V_FLAGS), IN(idx, V_INDEX), IN(gpfn, V_GFN)),
#undef T
#define T struct xen_add_to_physmap_batch
	MEMORY(add_to_physmap_batch, 4, IN(domid, V_DOM), IN(space, V_SPACE), IN(size, V_COUNT),
	       IN(u, V_ZERO), IN(idxs, V_GFNS), IN(gpfns, V_GFNS), IN(errs, V_BUFFER)),
#undef T
#define T struct xen_remove_from_physmap
	MEMORY(remove_from_physmap, 5, IN(domid, V_DOM), IN(gpfn, V_GFN)),
#undef T
#define T struct xen_memory_map
	MEMORY(memory_map, 2, IN(nr_entries, V_SMALL), IN(buffer, V_BUFFER), OUT(nr_entries)),
	MEMORY(machine_memory_map, 1, IN(nr_entries, V_SMALL), IN(buffer, V_BUFFER)),
#undef T
#define T struct xen_foreign_memory_map
	MEMORY(set_memory_map, 1, IN(domid, V_DOM), IN(map.nr_entries, V_SMALL),
	       IN(map.buffer, V_BUFFER)),
#undef T
#define T struct xen_pod_target
	MEMORY(get_pod_target, 1, IN(domid, V_DOM)),
	MEMORY(set_pod_target, 1, IN(target_pages, V_ANY64), IN(domid, V_DOM)),
#undef T
#define T struct xen_mem_acquire_resource
	MEMORY(acquire_resource, 2, IN(domid, V_DOM), IN(type, V_SMALL), IN(id, V_SMALL),
	       IN(nr_frames, V_COUNT), IN(pad, V_ZERO), IN(frame, V_SMALL), IN(frame_list, V_GFNS)),
#undef T
#define T struct xen_memory_reservation
	MEMORY(claim_pages, 1, IN(extent_start, V_ZERO), IN(nr_extents, V_COUNT),
	       IN(extent_order, V_ZERO), IN(mem_flags, V_ZERO), IN(domid, V_DOM)),
#undef T
	ANY("memory.any", 2, memory_op),

	/* vCPUs */
#define T struct vcpu_set_periodic_timer
	VCPU(is_up, 3, IN(period_ns, V_ZERO)),
	VCPU(up, 1, IN(period_ns, V_ZERO)),
	VCPU(initialise, 1, IN(period_ns, V_ZERO)),
	VCPU(stop_periodic_timer, 2, IN(period_ns, V_ZERO)),
	VCPU(set_periodic_timer, 2, IN(period_ns, V_DEADLINE)),
	VCPU(stop_singleshot_timer, 2, IN(period_ns, V_ZERO)),
	VCPU(send_nmi, 2, IN(period_ns, V_ZERO)),
#undef T
#define T struct vcpu_set_singleshot_timer
	VCPU(set_singleshot_timer, 4, IN(timeout_abs_ns, V_DEADLINE), IN(flags, V_FLAGS)),
#undef T
#define T struct vcpu_register_vcpu_info
	VCPU(register_vcpu_info, 2, IN(mfn, V_GFN), IN(offset, V_OFFSET), IN(rsvd, V_ZERO)),
#undef T
#define T struct vcpu_get_physid
	VCPU(get_physid, 1, OUT(phys_id)),
#undef T
	DO("vcpu.runstate", 2, do_runstate, REG(cmd, V_SMALL), REG(vcpu, V_VCPU)),

	/* Scheduling and timers */
#define T struct sched_poll
	SCHED(poll, 3, IN(ports, V_BUFFER), IN(nr_ports, V_COUNT), IN(timeout, V_PAST)),
	SCHED(yield, 2, IN(timeout, V_ZERO)),
#undef T
#define T struct sched_shutdown
	SCHED(shutdown_code, 1, IN(reason, V_SMALL)),
#undef T
#define T struct sched_remote_shutdown
	SCHED(remote_shutdown, 1, IN(domain_id, V_DOM), IN(reason, V_SMALL)),
#undef T
#define T struct sched_watchdog
	SCHED(watchdog, 2, IN(id, V_SMALL), IN(timeout, V_ANY32)),
#undef T
#define T struct sched_pin_override
	SCHED(pin_override, 1, IN(pcpu, V_SMALL)),
#undef T
	{ "set_timer_op", REGISTERS, 3, __HYPERVISOR_set_timer_op, 0, 0, NULL,
	  { REG(at, V_DEADLINE) } },
	{ "vm_assist", REGISTERS, 2, __HYPERVISOR_vm_assist, 0, 0, NULL,
	  { REG(cmd, V_SMALL), REG(type, V_SMALL) } },

	/* The platform of an HVM domain */
#define T struct xen_hvm_param
	HVM(set_param, 5, IN(domid, V_DOM), IN(index, V_PARAM), IN(value, V_ANY64)),
	HVM(get_param, 5, IN(domid, V_DOM), IN(index, V_PARAM), OUT(value)),
#undef T
	DO("hvm.set_evtchn_upcall_vector", 3, do_upcall_vector, REG(vcpu, V_VCPU),
	   REG(vector, V_VECTOR)),
#define T struct xen_hvm_get_mem_type
	HVM(get_mem_type, 3, IN(domid, V_DOM), IN(pfn, V_GFN), OUT(mem_type)),
#undef T

	/* The rest: any command with any bytes */
	{ "xen_version", REGISTERS, 4, __HYPERVISOR_xen_version, 0, 0, NULL,
	  { REG(cmd, V_SMALL), REG(arg, V_BUFFER) } },
	{ "xen_version.any", REGISTERS, 2, __HYPERVISOR_xen_version, 0, 0, NULL,
	  { REG(cmd, V_CMD), REG(arg, V_BUFFER) } },
	{ "physdev", REGISTERS, 2, __HYPERVISOR_physdev_op, 0, 0, NULL,
	  { REG(cmd, V_CMD), REG(arg, V_BUFFER) } },
	{ "platform", REGISTERS, 1, __HYPERVISOR_platform_op, 0, 0, NULL,
	  { REG(arg, V_BUFFER) } },
	{ "sysctl", REGISTERS, 1, __HYPERVISOR_sysctl, 0, 0, NULL, { REG(arg, V_BUFFER) } },
	{ "domctl", REGISTERS, 1, __HYPERVISOR_domctl, 0, 0, NULL, { REG(arg, V_BUFFER) } },
	{ "hvm.any", REGISTERS, 2, __HYPERVISOR_hvm_op, 0, 0, NULL,
	  { REG(cmd, V_CMD), REG(arg, V_BUFFER) } },
	{ "vcpu.any", REGISTERS, 2, __HYPERVISOR_vcpu_op, 0, 0, NULL,
	  { REG(cmd, V_UNKNOWN), REG(vcpu, V_VCPU), REG(arg, V_BUFFER) } },
	DO("hypercall.any", 4, do_hypercall, REG(nr, V_CALL), REG(a, V_SMALL), REG(b, V_BUFFER),
	   REG(c, V_SMALL)),
#define T struct multicall_entry
	CALL("multicall", STRUCT_COUNT, 4, multicall, 0, T, IN(op, V_CALL), IN(args[0], V_SMALL),
	     IN(args[1], V_BUFFER), IN(args[2], V_SMALL), OUT(result)),
#undef T

	/* The processor and devices */
	DO("msr.read", 12, do_rdmsr, REG(msr, V_MSR)),
	DO("msr.write", 12, do_wrmsr, REG(msr, V_MSR), REG(value, V_ANY64)),
	DO("cpuid", 8, do_cpuid, REG(leaf, V_LEAF), REG(sub, V_SMALL)),
	DO("port.in", 6, do_in, REG(port, V_PORT_IO), REG(bytes, V_WIDTH)),
	DO("port.out", 6, do_out, REG(port, V_PORT_IO), REG(bytes, V_WIDTH), REG(value, V_ANY32)),
	DO("port.ins", 2, do_ins, REG(port, V_PORT_IO), REG(count, V_COUNT)),
	DO("port.outs", 2, do_outs, REG(port, V_PORT_IO), REG(count, V_COUNT)),
	DO("mmio.read", 4, do_mmio_read, REG(at, V_HOLE), REG(how, V_SMALL)),
	DO("mmio.write", 4, do_mmio_write, REG(at, V_HOLE), REG(how, V_SMALL), REG(value, V_ANY64)),
	DO("apic.read", 8, do_apic_read, REG(reg, V_APIC_REG), REG(how, V_SMALL)),
	DO("apic.write", 8, do_apic_write, REG(reg, V_APIC_REG), REG(how, V_SMALL),
	   REG(value, V_ANY32)),
	DO("insn", 6, do_insn, REG(which, V_INSN)),
	DO("cr.write", 4, do_cr, REG(cr, V_CR), REG(bit, V_FLAGS)),
	DO("irq.window", 6, do_window),

	/* Memory that the hypervisor reads */
	DO("poke", 10, do_poke, REG(at, V_SLOT), REG(value, V_ANY64)),
	DO("grant.entry", 12, do_grant_entry, REG(ref, V_REF), REG(flags, V_FLAGS),
	   REG(dom, V_DOM), REG(gfn, V_GFN)),
	DO("event.bits", 6, do_event_bits, REG(what, V_SMALL), REG(port, V_PORT)),
	DO("arena", 2, do_arena_digest),

	/* The last row: child_main() counts on it. */
	DO("recorded", 24, do_recorded, REG(from, V_ANY32)),
};
const u32 grammar_size = ARRAY_SIZE(grammar);
