/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxl's files about domains; see userdata.c. */
#ifndef TOOLS_LIGHT_USERDATA_H
#define TOOLS_LIGHT_USERDATA_H

#include "light.h"

#define LX_FILE_BYTES 512

/** libxl's own configuration of a domain, if there is one that is not a link to ours. */
bool lx_userdata_find(struct lx *lx, const uint8_t uuid[16], char path[LX_FILE_BYTES]);
/** Let libxl find the configuration of a domain of ours in the file @to. 0 or -errno. */
int lx_userdata_link(struct lx *lx, const uint8_t uuid[16], uint32_t domid, const char *to);
/** Remove all that is kept there of a domain that has ended. */
void lx_userdata_remove(struct lx *lx, const uint8_t uuid[16]);

#endif
