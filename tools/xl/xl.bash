# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of xl's commands, domains and files in bash: source it, or put it into
# /usr/share/bash-completion/completions under the name xl.

_xl() {
	local word=${COMP_WORDS[COMP_CWORD]} command='' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command in
	"" | help)
		mapfile -t COMPREPLY < <(compgen -W "help $(xl help 2> /dev/null |
			sed -n 's/^ \([a-z][a-z0-9-]*\) .*/\1/p')" -- "$word") ;;
	create | doctor)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$(xl list 2> /dev/null |
			awk 'NR > 1 { print $1 }')" -- "$word") ;;
	esac
}
complete -F _xl xl
