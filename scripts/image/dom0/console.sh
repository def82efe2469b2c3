# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a person does at xl console, for the actions of dom0: each guest has a pseudo-terminal with
# xl on it. The fifo /tmp/GUEST.in is what is typed, /tmp/GUEST.out what the terminal has shown, and
# /tmp/GUEST.mark how much it had shown when something was typed last.

# console_open GUEST: attach.
console_open() {
	[ -p "/tmp/$1.in" ] || mkfifo "/tmp/$1.in"
	: > "/tmp/$1.out"
	echo 0 > "/tmp/$1.mark"
	onpty xl console "$1" 0<> "/tmp/$1.in" >> "/tmp/$1.out" 2>&1 &
	echo $! > "/tmp/$1.pid"
}

# console_ended GUEST: has xl console left?
console_ended() {
	! kill -0 "$(cat "/tmp/$1.pid")" 2> /dev/null
}

# press GUEST KEYS: type keys as printf writes them. (Opened for both, a fifo never blocks.)
press() {
	wc -c < "/tmp/$1.out" > "/tmp/$1.mark"
	# shellcheck disable=SC2059 # the keys are a format
	printf "$2" 1<> "/tmp/$1.in"
}

# type_line GUEST TEXT: type it, and return.
type_line() {
	wc -c < "/tmp/$1.out" > "/tmp/$1.mark"
	printf '%s\r' "$2" 1<> "/tmp/$1.in"
}

escape=$(printf '\033')

# shown GUEST: what the terminal has shown since something was typed, without what steers it.
shown() {
	tail -c "+$(($(cat "/tmp/$1.mark") + 1))" "/tmp/$1.out" | tr -d '\r' |
		sed "s/$escape\[[?0-9;]*[a-zA-Z]//g"
}

# shows GUEST PATTERN: does it show this by now? (Called through wait_for.)
shows() {
	shown "$1" | grep -q -e "$2"
}

# expect GUEST SECONDS PATTERN: wait until it shows that.
expect() {
	wait_for "$2" shows "$1" "$3" && return 0
	echo "$1 does not show '$3':"
	shown "$1" | tail -n 30
	return 1
}

# at_shell GUEST: switch off the echo and the prompt of the shell that runs there.
at_shell() {
	type_line "$1" "PS1=; stty -echo; set +o emacs; echo at\"\"shell"
	expect "$1" 60 '^atshell'
}

# ask GUEST COMMAND: let the shell run it; prints what it printed, returns its status.
ask() {
	type_line "$1" "$2; echo \"<end \$?>\""
	expect "$1" "${ask_seconds:-120}" '^<end [0-9]*>' || return 1
	shown "$1" | sed '/^<end /,$d'
	return "$(shown "$1" | sed -n 's/^<end \([0-9]*\)>.*/\1/p' | head -n 1)"
}

# answers GUEST PATTERN COMMAND: does it succeed, and print a line that matches?
answers() {
	ask "$1" "$3" > "/tmp/$1.answer" || { cat "/tmp/$1.answer"; return 1; }
	grep -q -e "$2" "/tmp/$1.answer" || { cat "/tmp/$1.answer"; return 1; }
}
