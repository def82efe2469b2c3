#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs shellcheck over every tracked shell script.
set -euo pipefail
mapfile -t scripts < <(git ls-files | while read -r f; do
	if head -n 1 "$f" | grep -Eq '^#!.*\b(ba)?sh\b'; then echo "$f"; fi
done)
shellcheck -x "${scripts[@]}"
echo "shell: ${#scripts[@]} scripts checked"
