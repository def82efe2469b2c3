/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of lx_host_linux that live in files of their own, and where they look; tests have their own
 * places. */
#ifndef TOOLS_LIGHT_HOST_LINUX_H
#define TOOLS_LIGHT_HOST_LINUX_H

#include "extent.h"

extern const char *lx_sys_root, *lx_mountinfo;

int lx_linux_extents(const char *path, struct lx_extents *all);
void lx_linux_device_extents(uint32_t maj, uint32_t min, struct lx_extents *all);
bool lx_linux_mounted(const struct lx_extents *disk, bool writers_only, char where[256]);
bool lx_linux_held(const char *path);

/* host-pci.c */

int lx_linux_pci_driver(const char *name, char driver[64]);
int lx_linux_pci_unbind(const char *name);
int lx_linux_pci_bind(const char *name, const char *driver);
int lx_linux_pci_reset(const char *name);

/* host-dm.c */

int lx_linux_dm_start(char *const *argv, const char *log_path, int *ready, int *pid);
bool lx_linux_dm_runs(int pid, const char *word);
int lx_linux_dm_watch(int pid);
void lx_linux_dm_end(int pid);
int lx_linux_qmp(const char *path, const char *request, char **reply);

#endif
