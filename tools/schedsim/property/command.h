/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that look for broken rules. */
#ifndef SCHEDSIM_PROPERTY_COMMAND_H
#define SCHEDSIM_PROPERTY_COMMAND_H

int command_property(int argc, char **argv);

#endif
