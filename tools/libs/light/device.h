/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PV devices: block devices behind the kernel's xen-blkback, network interfaces behind
 * xen-netback. Both ends are described in xenstore; the backend is in dom0 or in a driver domain.
 * What a guest writes at its end is never used to find anything.
 *
 * The work on the backend's side (loop devices, bridges, scripts: "hotplug") is done here when the
 * backend is in this domain, and by the driver domain's `xl devd` (devd.c) when it is not.
 */
#ifndef TOOLS_LIGHT_DEVICE_H
#define TOOLS_LIGHT_DEVICE_H

#include "extent.h"
#include "light.h"

/** What the host does for devices; tests bring their own. 0 or -errno. */
struct lx_host_ops {
	/** The path of a loop device that is free now. */
	int (*loop_find)(char dev[64]);
	/** Make it one over a file. -EBUSY: it has been taken meanwhile; find another one. */
	int (*loop_attach)(const char *dev, const char *path, bool readonly);
	/** Free it as soon as it is unused. Nothing happens when it is not one over that file. */
	void (*loop_detach)(const char *dev, const char *path);
	/** Where the data of a disk lie; of a block device by its number, nothing where unknown. */
	int (*extents)(const char *path, struct lx_extents *all);
	void (*device_extents)(uint32_t major, uint32_t minor, struct lx_extents *all);
	/** Has dom0 mounted any of it (@writers_only: to write)? Then it is mounted at @where. */
	bool (*mounted)(const struct lx_extents *disk, bool writers_only, char where[256]);
	/** Has dom0's kernel claimed this block device for itself? */
	bool (*held)(const char *path);
	/** Is it a block device (*@block), and which number has it? */
	int (*stat_disk)(const char *path, bool *block, uint32_t *major, uint32_t *minor);
	/** Do dom0's drivers give devices the addresses where dom0 sees pages, guests' too? */
	bool (*dma_as_mapped)(void);
	/** Give an interface its name (NULL: it has it), put it into a bridge (NULL: none) and set
	 * it up; @mtu 0: as it is. */
	int (*vif_up)(const char *ifname, const char *rename, const char *bridge, uint32_t mtu);
	/** Is something missing for an interface: its script, or without one its bridge (either may
	 * be NULL)? Then @why says what. */
	bool (*vif_lacks)(const char *script, const char *bridge, char why[256]);
	/** Run a hotplug script: "online" or "offline" (interfaces), "add" or "remove" (disks). */
	int (*script)(const char *script, const char *action, const char *backend,
		      const char *ifname);
	/** Start a device model (dm.h) with its output in a new file @log. @ready (may be NULL)
	 * becomes the end of a pipe whose other end it has, in XENOLITH_READY_FD. */
	int (*dm_start)(char *const *argv, const char *log, int *ready, int *pid);
	/** Is it running, with @word among those of its command line? */
	bool (*dm_runs)(int pid, const char *word);
	/** A descriptor that is readable when it has ended; -errno. */
	int (*dm_watch)(int pid);
	/** End it: asked first, killed if it does not. */
	void (*dm_end)(int pid);
	/** Send a line to the socket of QEMU's machine protocol; *@reply, the caller's, is the line
	 * that answers. */
	int (*qmp)(const char *path, const char *request, char **reply);
	/** dom0's driver of PCI function "SSSS:bb:dd.f"; "": none. -ENOENT: no such function. */
	int (*pci_driver)(const char *name, char driver[64]);
	/** Take it from its driver; give it to one. */
	int (*pci_unbind)(const char *name);
	int (*pci_bind)(const char *name, const char *driver);
	/** Reset it alone. -ENOENT: there is no way. */
	int (*pci_reset)(const char *name);
};

extern const struct lx_host_ops lx_host_linux;

#define LX_VBD "vbd"
#define LX_VIF "vif"

struct lx_device {
	const char *kind;		/* LX_VBD or LX_VIF */
	uint32_t domid, devid;
	uint32_t backend;		/* domain */
};

/** A device by its numbers, with the backend's domain as the toolstack noted it; dom0 when there is
 * no such device. */
struct lx_device lx_device(struct lx *lx, const char *kind, uint32_t domid, uint32_t devid);
/** The domain that a configuration names for a device's backend (NULL: dom0). -ENOENT, logged. */
int lx_backend_domain(struct lx *lx, const char *device, const char *name, uint32_t *domid);
/** Is the backend's work done elsewhere, by `xl devd`? */
bool lx_backend_elsewhere(const struct lx *lx, uint32_t backend);

/** States of both ends (<public/io/xenbus.h>); -1: no such node. */
int lx_device_state(struct lx *lx, const struct lx_device *dev);
/** Paths of both ends. */
void lx_device_front(const struct lx_device *dev, char path[LX_PATH_BYTES]);
void lx_device_back(const struct lx_device *dev, char path[LX_PATH_BYTES]);

struct lx_kv {
	const char *key;		/* NULL ends a list */
	const char *value;		/* NULL: left out */
};

/** Write both ends in one transaction. -EEXIST when there is such a device. @allowed (may be NULL)
 * is asked in that transaction: what it says besides 0 it has logged, and nothing is written. */
int lx_device_write(struct lx *lx, const struct lx_device *dev, const struct lx_kv *front,
		    const struct lx_kv *back,
		    int (*allowed)(struct lx *lx, uint32_t tx, const struct lx_device *dev,
				   const void *arg), const void *arg);
/**
 * Ask the guest to let go of a device, and remove both ends. @force: it is not asked. One that does
 * not answer for lx_answer_ms loses the device; but a disk that it uses it keeps (-EBUSY, logged).
 */
extern unsigned int lx_answer_ms;
int lx_device_remove(struct lx *lx, const struct lx_device *dev, bool force);
/** Remove all devices of a domain that is gone, or is not to be asked. */
void lx_devices_remove(struct lx *lx, uint32_t domid);
/** Numbers of a domain's devices of one kind, the caller's to free; *@n of them. */
uint32_t *lx_device_list(struct lx *lx, uint32_t domid, const char *kind, unsigned int *n);

/** "xvda2", "hda", "sdb1", "d3p4" to the number that guests know; false: no such name. */
bool lx_vdev_number(const char *vdev, uint32_t *devid);

/** Can devices of dom0 transfer to and from guests' pages that dom0 has mapped? Without an IOMMU,
 * and with a kernel that runs as PVH, they miss them. 0 or -errno. */
int lx_dma_reaches_guests(struct lx *lx, bool *reaches);
/** Describe a disk and open its target: through a loop device if it is a file, or if dom0's devices
 * miss guests' pages, because a loop device copies. *@devid is its number. A failure leaves
 * nothing; -EBUSY: another guest or dom0 has it (sharing.c). */
int lx_disk_add(struct lx *lx, uint32_t domid, const struct lx_disk *disk, uint32_t *devid);
/** Describe an interface; a missing MAC address is chosen and put into @nic. */
int lx_nic_add(struct lx *lx, uint32_t domid, struct lx_nic *nic);
/** When the backend is ready: connect the interface to the host. -EAGAIN: not yet. */
int lx_nic_connect(struct lx *lx, uint32_t domid, const struct lx_nic *nic);
/** A disk's backend is ready: 0 or -EAGAIN. */
int lx_disk_ready(struct lx *lx, uint32_t domid, uint32_t devid);

/* sharing.c */

/** May the guest of @dev have the disk at @path, as one that it writes or only reads? Asked within
 * the transaction that writes its nodes. 0, -EBUSY (logged, with who has it) or another -errno. */
int lx_disk_check_sharing(struct lx *lx, uint32_t tx, const struct lx_device *dev,
			  const char *name, const char *path, bool writes);

/* hotplug.c: the backend's side, from what its nodes at @back say. 0 or -errno. */

/** Open the target of a disk, unless another guest may write it, and tell the backend's driver. */
int lx_hotplug_disk(struct lx *lx, const struct lx_device *dev, const char *back);
/** The same for a target that has been checked: through a loop device if it is a file, or if @copy
 * is set. */
int lx_hotplug_open(struct lx *lx, const char *back, const char *path, bool copy, bool readonly);
/** Connect an interface whose backend is ready. */
int lx_hotplug_nic(struct lx *lx, const char *back, uint32_t domid, uint32_t devid);

/** What hotplug did, so that it can be taken back when the nodes are gone. */
struct lx_hotplug {
	char *loop, *path;		/* device, and what it is over; NULL: none */
	char *script;			/* to be run for the end; NULL: none */
	char *ifname;
};

/** Strings are the caller's, freed by lx_hotplug_undo(). */
void lx_hotplug_read(struct lx *lx, const char *back, struct lx_hotplug *h);
void lx_hotplug_undo(struct lx *lx, const char *back, struct lx_hotplug *h);
/** Did the work elsewhere come to an end? 0, -EAGAIN, or -EIO (its reason logged). */
int lx_hotplug_done(struct lx *lx, const char *back);

/* devd.c: a driver domain's daemon */

struct lx_devd {
	struct lx *lx;
	uint32_t domid;			/* its own */
	struct lx_served *devices;
	struct lx_fd fd;
};

/** Serve the backends of this domain, those that are there and those to come, from lx->loop.
 * lx->ctl is not used. 0 or -errno. */
int lx_devd_start(struct lx_devd *d, struct lx *lx);
/** Look at all of them now. */
void lx_devd_scan(struct lx_devd *d);
/** Stop serving; what is connected stays so, for the next daemon. */
void lx_devd_stop(struct lx_devd *d);

/** How long a backend may take; tests do not wait so long. */
extern unsigned int lx_device_ms;
#define LX_DEVICE_POLL_MS 10

/** Call @ready until it says something else than -EAGAIN; -ETIMEDOUT after @ms. */
int lx_device_wait(struct lx *lx, unsigned int ms, int (*ready)(struct lx *lx, void *arg),
		   void *arg);

#endif
