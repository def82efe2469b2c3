# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of xl's commands, their options, domains, CPU pools and files in bash: source it, or
# put it into /usr/share/bash-completion/completions under the name xl.

# _xl_reply WORD LIST
_xl_reply() {
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_xl_commands() {
	xl help 2> /dev/null | sed -n 's/^ \([a-z][a-z0-9-]*\) .*/\1/p'
}

# What begins with a dash in the help of a command.
_xl_options() {
	xl help "$1" 2> /dev/null | sed '1,/^Options:/d' | grep -o -- '^-\{1,2\}[A-Za-z_-]*\|, *--[A-Za-z_-]*' |
		sed 's/^, *//'
}

_xl_domains() {
	xl list 2> /dev/null | awk 'NR > 1 { print $1 }'
}

_xl_pools() {
	xl cpupool-list 2> /dev/null | awk 'NR > 1 { print $1 }'
}

_xl() {
	local word=${COMP_WORDS[COMP_CWORD]} command='' at=0 i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*) command=${COMP_WORDS[i]} at=$i; break ;;
		esac
	done
	case $command,$word in
	"",-*)
		_xl_reply "$word" "-v -f -N -t -T" ;;
	"",* | help,*)
		_xl_reply "$word" "help $(_xl_commands)" ;;
	*,-*)
		_xl_reply "$word" "$(_xl_options "$command")" ;;
	create,* | doctor,* | cpupool-create,*)
		compopt -o filenames 2> /dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	config-update,*)
		if ((COMP_CWORD > at + 1)); then
			compopt -o filenames 2> /dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		else
			_xl_reply "$word" "$(_xl_domains)"
		fi ;;
	cpupool-migrate,*)
		_xl_reply "$word" "$(if ((COMP_CWORD > at + 1)); then _xl_pools; else _xl_domains; fi)" ;;
	cpupool-*,*)
		_xl_reply "$word" "$(_xl_pools)" ;;
	*)
		_xl_reply "$word" "$(_xl_domains)" ;;
	esac
}
complete -F _xl xl
