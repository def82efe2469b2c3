/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a byte of an x86 port, or writes a line of text to one, character by character. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

#define PORTS 0x10000UL

int main(int argc, char **argv)
{
	unsigned long port = argc == 2 || argc == 3 ? strtoul(argv[1], NULL, 0) : PORTS;

	if (port >= PORTS) {
		fprintf(stderr, "usage: ports PORT [TEXT]\n");
		return 2;
	}
	if (ioperm(port, 1, 1)) {
		fprintf(stderr, "ports: no access to port %#lx: %s\n", port, strerror(errno));
		return 1;
	}
	if (argc == 2) {
		printf("%02x\n", inb((unsigned short)port));
		return 0;
	}
	for (const char *s = argv[2]; *s; s++)
		outb((unsigned char)*s, (unsigned short)port);
	outb('\n', (unsigned short)port);
	return 0;
}
