/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables as the rest of the hypervisor uses them. Implemented in domain/gnttab/. */
#ifndef XEN_GNTTAB_H
#define XEN_GNTTAB_H

#include <xen/domain.h>
#include <xen/guest_access.h>

#include <public/grant_table.h>

/** Register debug key 'g'. Boot only. */
void gnttab_register_key(void);

/**
 * Give @d a grant table of one frame. A limit of 0 means the default: 64 frames, 1024
 * maptrack frames (256 mappings each), version 2. -XEN_ENOMEM, -XEN_EINVAL (limit out of range).
 */
int gnttab_domain_init(struct domain *d, u32 max_frames, u32 max_maptrack, u32 max_version);
/**
 * Refuse new use of @d's grants and drop all mappings that @d holds of other domains' pages. The
 * work is bounded; -XEN_ERESTART to be called again. Before p2m_domain_destroy, with @d's vCPUs
 * stopped. Mappings that others hold of @d's pages stay until they unmap them, and keep a
 * reference to @d.
 */
int gnttab_domain_destroy(struct domain *d);
/** Free the rest, after the last reference to @d was dropped. @d may be only partly made. */
void gnttab_domain_free(struct domain *d);

/* The bits of a call's first argument: the command, and where an op continues. */
#define GNTTAB_RESUME_SHIFT 12
#define GNTTAB_CMD_MASK 0xfffU

/**
 * HYPERVISOR_grant_table_op. Preemptible: -XEN_ERESTART when it stopped early for a softirq; then
 * issue it again for the rest of the array. *@done is the number of ops done, in all cases. *@arg
 * is the command, and above it the place where an op that stopped in the middle continues; it
 * changes with -XEN_ERESTART only.
 *
 * Grant mappings are P2M_GRANT_* entries of the caller's p2m, at gfns that were empty. The grant
 * table holds the reference to the page; the p2m holds none.
 * Refused, as HVM guests have no use for them: GNTTABOP_transfer and unmap_and_replace
 * (-XEN_ENOSYS), GNTMAP_contains_pte and application_map (GNTST_general_error).
 * GNTTABOP_cache_flush: 0, -XEN_EINVAL (bad op, not RAM, or neither mapped nor owned by the
 * caller), -XEN_EPERM (a frame of the hypervisor), or as hal_cache_maintain().
 * setup_table and get_status_frames grow the table, but report ~0 for each frame: guests choose
 * the gfn themselves (XENMAPSPACE_grant_table).
 */
long gnttab_op(struct vcpu *v, u32 *arg, guest_ptr_t uop, u32 count, u32 *done);

/** XENMEM_add_to_physmap XENMAPSPACE_grant_table and XENMEM_acquire_resource: the frame at
 * @index of @d's table (XENMAPIDX_grant_table_status for status frames), growing the table.
 * 0, -XEN_EINVAL (beyond the limit, or no status frames in version 1), -XEN_ENOMEM. The frame
 * stays until gnttab_domain_free. */
int gnttab_frame(struct domain *d, u64 index, mfn_t *mfn);

/** Fill the entry of a reserved ref (console, xenstore) so that @to may map @gfn.
 * 0 or -XEN_EINVAL (no such ref). */
int gnttab_seed(struct domain *d, u32 ref, u16 to, gfn_t gfn);

/** List the entries in use. */
void gnttab_dump(struct domain *d);

#endif
