/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the environment host-fuzz the compiler reports each read by code that looks at memory shared
 * with guests, before it is made. A program that wants to know defines these functions itself.
 */
#include "private.h"

void __sanitizer_cov_load1(const void *p) {}
void __sanitizer_cov_load2(const void *p) {}
void __sanitizer_cov_load4(const void *p) {}
void __sanitizer_cov_load8(const void *p) {}
void __sanitizer_cov_load16(const void *p) {}
