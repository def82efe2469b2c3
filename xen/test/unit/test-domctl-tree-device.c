/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_*_device for devices that are named by their path in a device tree: all streams or
 * none, their owners, and what is refused. The IOMMU and the tree are made up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/iommu.h>
#include <xen/string.h>

#include <asm/host.h>

#include "control.h"

#define STREAMS 32
#define NOBODY IOMMU_NO_OWNER

static u16 owner[STREAMS];
static u16 fails_at;		/* a stream that cannot be attached to a guest; 0: none */

bool iommu_in_use(void) { return true; }
bool iommu_serves(struct pci_addr a) { return a.bdf < STREAMS; }
u16 iommu_owner(u16 bdf) { return owner[bdf]; }

int iommu_attach(struct pci_addr a, struct iommu_space *s)
{
	HOST_CHECK(!s);
	owner[a.bdf] = NOBODY;
	return 0;
}

int domain_iommu_attach(struct domain *d, struct pci_addr a)
{
	if (a.bdf == fails_at) {
		owner[a.bdf] = NOBODY;
		return -XEN_ENOMEM;
	}
	owner[a.bdf] = d->id;
	return 0;
}

int domain_iommu_init(struct domain *d)
{
	static char something;

	d->iommu = (struct domain_iommu *)&something;
	return 0;
}
void domain_iommu_detach_all(struct domain *d) {}
void domain_iommu_destroy(struct domain *d) {}

/* Two groups of streams: 4 and 5, and 9. */
int hal_device_streams(const char *path, u32 index, u32 *first, u32 *n)
{
	if (!strcmp(path, "/without"))
		return -XEN_ENOENT;
	if (!strcmp(path, "/bus")) {
		*first = 0;
		*n = 0x10000;
		return index ? -XEN_ENOENT : 0;
	}
	if (strcmp(path, "/dev"))
		return -XEN_ENODEV;
	*first = index ? 9 : 4;
	*n = index ? 1 : 2;
	return index > 1 ? -XEN_ENOENT : 0;
}

static long call(u32 cmd, u16 domid, const char *path, u32 size, u32 flags)
{
	struct xen_domctl op = { .u.assign_device = { .dev = XEN_DOMCTL_DEV_DT, .flags = flags,
						      .u.dt.size = size } };

	set_xen_guest_handle(op.u.assign_device.u.dt.path, (char *)(uintptr_t)path);
	return domctl(&op, cmd, domid);
}

static long assign(u16 domid, const char *path)
{
	return call(XEN_DOMCTL_assign_device, domid, path, (u32)strlen(path), 0);
}

static long deassign(u16 domid, const char *path)
{
	return call(XEN_DOMCTL_deassign_device, domid, path, (u32)strlen(path), 0);
}

static bool owned_by(u16 who)
{
	return owner[4] == who && owner[5] == who && owner[9] == who;
}

static u16 make(u32 flags)
{
	struct xen_domctl op = good_config();

	op.u.createdomain.flags |= flags;
	HOST_CHECK(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
	return op.domain;
}

static void moves(void *arg)
{
	u16 a, b, plain;

	control_start();
	a = make(XEN_DOMCTL_CDF_iommu);
	b = make(XEN_DOMCTL_CDF_iommu);
	plain = make(0);
	HOST_CHECK(call(XEN_DOMCTL_test_assign_device, a, "/dev", 4, 0) == 0 && owned_by(0));
	HOST_CHECK(assign(plain, "/dev") == -XEN_EOPNOTSUPP && owned_by(0));
	HOST_CHECK(assign(a, "/dev") == 0 && owned_by(a));
	HOST_CHECK(assign(a, "/dev") == 0 && owned_by(a));
	HOST_CHECK(assign(b, "/dev") == -XEN_EBUSY && owned_by(a));
	HOST_CHECK(call(XEN_DOMCTL_test_assign_device, b, "/dev", 4, 0) == -XEN_EBUSY);
	HOST_CHECK(deassign(b, "/dev") == -XEN_ENODEV && owned_by(a));
	HOST_CHECK(deassign(a, "/dev") == 0 && owned_by(NOBODY));
	HOST_CHECK(deassign(DOMID_IO, "/dev") == 0 && owned_by(0));
	HOST_CHECK(assign(DOMID_IO, "/dev") == 0 && owned_by(NOBODY));
	/* One stream is another's: none moves. */
	owner[9] = b;
	HOST_CHECK(assign(a, "/dev") == -XEN_EBUSY && owner[4] == NOBODY && owner[9] == b);
	owner[9] = 0;
	/* Memory runs out on the way: none stays with the guest. */
	fails_at = 9;
	HOST_CHECK(assign(a, "/dev") == -XEN_ENOMEM && owned_by(NOBODY));
	fails_at = 0;
	destroy_guest(a);
	destroy_guest(b);
	destroy_guest(plain);
}

static void refusals(void *arg)
{
	static const char longest[300] = { [0 ... 298] = 'x' };
	u16 a;

	control_start();
	a = make(XEN_DOMCTL_CDF_iommu);
	HOST_CHECK(assign(a, "/nothing") == -XEN_ENODEV);
	HOST_CHECK(assign(a, "/without") == -XEN_ENODEV);
	HOST_CHECK(assign(a, "/bus") == -XEN_E2BIG);
	HOST_CHECK(assign(a, longest) == -XEN_EINVAL);
	HOST_CHECK(call(XEN_DOMCTL_assign_device, a, "/dev", 0, 0) == -XEN_EINVAL);
	HOST_CHECK(call(XEN_DOMCTL_assign_device, a, "/dev", 4, 1) == -XEN_EINVAL);
	HOST_CHECK(call(XEN_DOMCTL_assign_device, a, NULL, 4, 0) == -XEN_EFAULT);
	HOST_CHECK(assign(77, "/dev") == -XEN_ESRCH);
	HOST_CHECK(assign(DOMID_SELF, "/dev") == -XEN_EINVAL);
	HOST_CHECK(owned_by(0));
	destroy_guest(a);
}

static void run(void (*fn)(void *arg))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status || o->panicked)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
	assert_false(o->panicked);
}

static void test_moves(void **state) { run(moves); }
static void test_refusals(void **state) { run(refusals); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
