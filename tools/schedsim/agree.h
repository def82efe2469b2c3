/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does the simulator decide as the hypervisor did? */
#ifndef SCHEDSIM_AGREE_H
#define SCHEDSIM_AGREE_H

int command_agree(int argc, char **argv);

#endif
