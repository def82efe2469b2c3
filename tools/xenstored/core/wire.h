/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire protocol's numbers and layouts, from Xen's public header, and the names of errors. */
#ifndef XSD_WIRE_H
#define XSD_WIRE_H

#include <errno.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

/** The name of errno value @error on the wire; "EINVAL" for one that has no name there. */
const char *wire_error_name(int error);
/** The name of a message type, "?" for an unknown one. */
const char *wire_type_name(uint32_t type);

#endif
