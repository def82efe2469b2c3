/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOREQ servers: device models in other domains that answer accesses of a domain's vCPUs (ABI:
 * public/hvm/dm_op.h, public/hvm/ioreq.h). A server claims ranges of ports, of memory and of PCI
 * functions. A request is written to a page shared with the model, which is told by an event; the
 * vCPU waits meanwhile (xen/x86/pending.h). Implemented in domain/ioreq/.
 */
#ifndef XEN_IOREQ_H
#define XEN_IOREQ_H

#include <xen/domain.h>

#include <public/hvm/ioreq.h>

struct ioreq_server;

/** One access, all within one range. */
struct ioreq_access {
	u8 type;	/* IOREQ_TYPE_PIO, _COPY (memory) or _PCI_CONFIG */
	bool write;
	u8 bytes;	/* 1 to 8 */
	/* Port; guest physical address; or a PCI function in bits 32 to 47 and its register. */
	u64 addr;
	u64 data;	/* of a write; or with a count the guest physical address of the data */
	/* 0, or so many accesses of a port in turn, from or to ascending memory of one page. */
	u16 count;
};

enum ioreq_rc {
	IOREQ_UNCLAIMED,	/* no enabled server claims it: no server was asked */
	IOREQ_DONE,		/* a write that its server finds in its ring of buffered requests */
	IOREQ_ASKED,		/* the answer comes by hal_ioreq_answer() */
};

/** Does an enabled server of @d claim @a? Any context without locks. */
bool ioreq_claimed(struct domain *d, const struct ioreq_access *a);

/**
 * Hand @a, an access by @v, the current vCPU, to the server that claims it. @ask(@v, @arg) is
 * called before the server can see a request that it has to answer; it makes @v wait and returns
 * the number that hal_ioreq_answer() will be called with. No locks are held.
 */
enum ioreq_rc ioreq_send(struct vcpu *v, const struct ioreq_access *a,
			 u64 (*ask)(struct vcpu *v, const void *arg), const void *arg);

/**
 * A frame of server @id of @d for XENMEM_acquire_resource: 0 is the ring of buffered requests, 1
 * the requests of all vCPUs. The caller gets a reference to the page. -XEN_EINVAL.
 */
int ioreq_get_frame(struct domain *d, u32 id, u64 frame, struct page_info **pg);
/** The number of frames that a server can have. */
#define IOREQ_MAX_FRAMES 2

/*
 * What device models do with servers of @d (XEN_DMOP_*_ioreq_server). @model is the calling
 * domain, and only the one that made a server may change it: -XEN_EPERM. -XEN_ENOENT: there is no
 * server @id. No locks are held.
 */
/**
 * Make a server, disabled and without ranges; @buffered is HVM_IOREQSRV_BUFIOREQ_*. Its number goes
 * to *@id. -XEN_EINVAL, -XEN_ENOSPC (there are 8), -XEN_ENOMEM.
 */
int ioreq_server_create(struct domain *d, u16 model, u8 buffered, u16 *id);
/** Destroy it. Requests that wait for it are answered with all ones. */
int ioreq_server_destroy(struct domain *d, u16 model, u32 id);
/**
 * Where it is: the channel of the ring of buffered requests (0: it has none) and, with @gfns, the
 * guest frames at which the device model finds the pages; both are mapped there until the server
 * is enabled. -XEN_ENOMEM: the toolstack set aside too few.
 */
struct ioreq_server_info {
	u32 ring_port;
	gfn_t sync, ring;
};
int ioreq_server_info(struct domain *d, u16 model, u32 id, bool gfns,
		      struct ioreq_server_info *info);
/** Claim a range, or with !@claim give it back; -XEN_EINVAL, -XEN_EEXIST, -XEN_ENOSPC. */
int ioreq_server_range(struct domain *d, u16 model, u32 id, bool claim, u32 kind, u64 first,
		       u64 last);
/** A disabled server gets no new requests. It may still answer those that it has. */
int ioreq_server_enable(struct domain *d, u16 model, u32 id, bool on);

/**
 * The domain ends: destroy its servers and let no new ones be made, then free the rest. The first
 * may be repeated; its vCPUs do not run any more.
 */
void ioreq_domain_destroy(struct domain *d);
void ioreq_domain_free(struct domain *d);

#endif
