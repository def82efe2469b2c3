/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes become requests of several connections, and every answer is compared with the model's. */
#ifndef XS_PLAY_H
#define XS_PLAY_H

#include <stddef.h>
#include <stdint.h>

/** Play; abort()s with a line on standard error when something is not as it should be. */
void xs_play(const uint8_t *data, size_t size);

#endif
