/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls and foreign memory through Debian's stable libraries. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xencall.h>
#include <xenforeignmemory.h>
#include <xentoollog.h>

#include "ctrl.h"

#define PRIVCMD "/dev/xen/privcmd"

struct xen_handles {
	xencall_handle *call;
	xenforeignmemory_handle *mem;
};

static void xen_close(void *priv)
{
	struct xen_handles *h = priv;

	if (h->mem)
		xenforeignmemory_close(h->mem);
	if (h->call)
		xencall_close(h->call);
	free(h);
}

/* A file's first bytes; empty when it cannot be read. */
static void read_line(const char *path, char text[64])
{
	FILE *f = fopen(path, "re");

	if (!f || !fgets(text, 64, f))
		*text = '\0';
	if (f)
		fclose(f);
}

/* Each cause has a text of its own; NULL: nothing is known to be missing. */
static const char *missing(void)
{
	char text[64];

	if (access(PRIVCMD, F_OK)) {
		read_line("/sys/hypervisor/type", text);
		return strncmp(text, "xen", 3) ? "this Linux does not run on Xenolith or Xen: boot "
			"the hypervisor, with this kernel as its dom0" :
			PRIVCMD " is missing: modprobe xen-privcmd";
	}
	if (access(PRIVCMD, R_OK | W_OK))
		return "only root may use " PRIVCMD ": become root";
	read_line("/proc/xen/capabilities", text);
	if (!access("/proc/xen/capabilities", R_OK) && !strstr(text, "control_d"))
		return "this is a guest: run it in the control domain";
	return NULL;
}

static void *xen_open(struct xentoollog_logger *log)
{
	struct xen_handles *h = NULL;
	const char *why = missing();
	int err;

	if (why)
		xtl_log(log, XTL_ERROR, -1, "ctrl", "%s", why);
	else
		h = calloc(1, sizeof(*h));
	if (!h) {
		errno = why ? ENODEV : ENOMEM;
		return NULL;
	}
	h->call = xencall_open(log, XENCALL_OPENFLAG_NON_REENTRANT);
	if (h->call)
		h->mem = xenforeignmemory_open(log, 0);
	if (h->mem)
		return h;
	err = errno ? errno : ENODEV;
	xen_close(h);
	errno = err;
	return NULL;
}

static long xen_hypercall(void *priv, unsigned int op, const uint64_t arg[5])
{
	struct xen_handles *h = priv;
	long rc;

	/* The only call whose result may not fit an int has two arguments. */
	if (op == __HYPERVISOR_memory_op)
		rc = xencall2L(h->call, op, arg[0], arg[1]);
	else
		rc = xencall5(h->call, op, arg[0], arg[1], arg[2], arg[3], arg[4]);
	return rc < 0 ? -errno : rc;
}

static void *xen_buf_alloc(void *priv, size_t bytes)
{
	struct xen_handles *h = priv;

	return xencall_alloc_buffer(h->call, bytes);
}

static void xen_buf_free(void *priv, void *buf)
{
	struct xen_handles *h = priv;

	xencall_free_buffer(h->call, buf);
}

static void *xen_map(void *priv, uint32_t domid, int prot, size_t n, const xen_pfn_t *gfn, int *err)
{
	struct xen_handles *h = priv;

	return xenforeignmemory_map(h->mem, domid, prot, n, gfn, err);
}

static void xen_unmap(void *priv, void *addr, size_t n)
{
	struct xen_handles *h = priv;

	xenforeignmemory_unmap(h->mem, addr, n);
}

static void *xen_map_grants(void *priv, uint32_t domid, void **addr)
{
	struct xen_handles *h = priv;

	*addr = NULL;
	return xenforeignmemory_map_resource(h->mem, (domid_t)domid, XENMEM_resource_grant_table,
					     XENMEM_resource_grant_table_id_shared, 0, 1, addr,
					     PROT_READ | PROT_WRITE, 0);
}

static void xen_unmap_grants(void *priv, void *token)
{
	struct xen_handles *h = priv;

	xenforeignmemory_unmap_resource(h->mem, token);
}

const struct ctl_backend ctl_backend_xen = {
	.open = xen_open,
	.close = xen_close,
	.hypercall = xen_hypercall,
	.buf_alloc = xen_buf_alloc,
	.buf_free = xen_buf_free,
	.map = xen_map,
	.unmap = xen_unmap,
	.map_grants = xen_map_grants,
	.unmap_grants = xen_unmap_grants,
};
