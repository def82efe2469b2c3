/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes become what a guest does to its page, and when the daemon dies. */
#ifndef XS_RING_PLAY_H
#define XS_RING_PLAY_H

#include <stddef.h>
#include <stdint.h>

/** Play; abort()s with a line on standard error when something is not as it should be. */
void xs_ring_play(const uint8_t *data, size_t size);

#endif
