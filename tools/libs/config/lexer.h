/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of xl.cfg. */
#ifndef TOOLS_CONFIG_LEXER_H
#define TOOLS_CONFIG_LEXER_H

#include "config.h"

enum cfg_token {
	TOKEN_END,
	TOKEN_NAME,		/* text */
	TOKEN_NUMBER,		/* text */
	TOKEN_STRING,		/* text, without quotes and escapes */
	TOKEN_ASSIGN,
	TOKEN_APPEND,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_LINE,		/* a newline or a semicolon */
	TOKEN_ERROR,		/* what is wrong stands in error */
	TOKEN_NO_MEMORY,
};

struct cfg_lexer {
	const char *at, *end;
	unsigned int line;	/* of the token just read */
	unsigned int next_line;
	char *text;		/* of the token just read, the reader's to take or free */
	const char *error;
};

enum cfg_token cfg_lex(struct cfg_lexer *l);

#endif
