/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device models: programs in dom0 that give an HVM guest its emulated devices. The first one
 * (index 0) is QEMU; further ones are commands that the configuration names. What the toolstack
 * must know of them to end them, or to say why one ended, is under /libxl/DOMID/dm/INDEX.
 */
#ifndef TOOLS_LIGHT_DM_H
#define TOOLS_LIGHT_DM_H

#include "light.h"

#define LX_QMP_DIR "/run/xen"
#define LX_QEMU "/usr/libexec/xen-qemu-system-i386"
#define LX_HVMLOADER "/usr/lib/xen-4.17/boot/hvmloader"
#define LX_SEABIOS "/usr/share/seabios/bios-256k.bin"
#define LX_OVMF "/usr/share/ovmf/OVMF.fd"

/** The words of a command line, each owned, the last one followed by NULL. */
struct lx_words {
	char **word;
	unsigned int n;
	int rc;			/* of the first that could not be added */
};

void lx_words_add(struct lx_words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lx_words_free(struct lx_words *w);

/* dm-args.c */

/** QEMU's command line for a guest, from a configuration that lx_hvm_check() has passed; the
 * caller frees it, also when w->rc says that it is not complete. */
void lx_dm_args(struct lx_words *w, const struct lx_domain_config *config, uint32_t domid);
/** Can the configuration's devices be emulated? NULL, or why not. */
const char *lx_hvm_check(const struct lx_domain_config *config);
/** The memory of the guest's display, in KiB. */
uint64_t lx_video_kib(const struct lx_build_info *b);
/** Place of an emulated disk among those of its kind, from 0; -1: it is not emulated. */
int lx_emulated_disk(const struct lx_hvm *h, const struct lx_disk *d);
/** Name of the emulated side of an interface in dom0. */
#define LX_TAP_BYTES 24
void lx_tap_name(char name[LX_TAP_BYTES], uint32_t domid, uint32_t devid);
/** Has the interface such a side? */
bool lx_nic_emulated(const struct lx_domain_config *config, const struct lx_nic *n);

/* dm.c */

/** Start device model @index, whose output goes to a log named after it and the guest, and note it.
 * QEMU says in xenstore when it is ready; another one closes or writes to the descriptor that the
 * variable XENOLITH_READY_FD names, *@ready (-1 for QEMU) is its other end. 0 or -errno, logged. */
int lx_dm_start(struct lx *lx, uint32_t domid, const char *guest, unsigned int index,
		const struct lx_words *w, int *ready);
/** Is it ready? 0; -EAGAIN: not yet; -EIO: it has ended, logged with the last lines of its log.
 * @ready: what lx_dm_start() gave. */
int lx_dm_ready(struct lx *lx, uint32_t domid, unsigned int index, int ready);
/** End all device models of a domain, and remove what was noted of them. */
void lx_dm_stop(struct lx *lx, uint32_t domid);
/** The process of a device model; 0: there is none, or it has ended. */
int lx_dm_pid(struct lx *lx, uint32_t domid, unsigned int index);
/** How long they may take to get ready; tests do not wait so long. */
extern unsigned int lx_dm_ms;
/** Say that a device model has ended, with the last lines of its log. */
void lx_dm_report(struct lx *lx, uint32_t domid, unsigned int index);

/** Device models of a guest that are watched. */
struct lx_dm_watch {
	struct lx *lx;
	uint32_t domid;
	struct lx_dm_end {
		struct lx_dm_watch *watch;
		struct lx_fd fd;
		unsigned int index;
	} end[LX_DM_MAX];
};

/** From now on, report from the loop each device model that ends. */
void lx_dm_watch_start(struct lx_dm_watch *w, struct lx *lx, uint32_t domid);
void lx_dm_watch_stop(struct lx_dm_watch *w);

/* qmp.c: QEMU's machine protocol */

struct json_object;

/** Run one command, whose arguments (NULL: none) become this function's. *@reply (may be NULL) is
 * what it returns, the caller's. 0 or -errno, logged. */
int lx_qmp(struct lx *lx, uint32_t domid, const char *command, struct json_object *arguments,
	   struct json_object **reply);
/** After QEMU has started: where its serial ports and its display are goes into xenstore, and the
 * display gets its password. */
int lx_qmp_publish(struct lx *lx, uint32_t domid, const struct lx_domain_config *config);

#endif
