/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request as the hypervisor writes it (public/hvm/ioreq.h), and its answer. */
#ifndef DEMO_REQUEST_H
#define DEMO_REQUEST_H

#include <stdbool.h>

#include "device.h"

#include <public/hvm/ioreq.h>

/**
 * Answer the request at @q, in the page that is shared with the hypervisor, for a device whose
 * ports begin at @base. True: there was one, and the hypervisor is to be told that it is answered.
 */
bool request_answer(struct ioreq *q, struct demo *d, uint64_t base);

#endif
