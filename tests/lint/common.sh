# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the lint scripts: the source files, and how a finding is reported.
cd "${SOURCE_ROOT:-$(git rev-parse --show-toplevel)}" || exit 99
findings=0

sources() {
	find libreplay capture analyze render tests -name '*.[ch]' -o -name '*.def' | sort
}

finding() {
	echo "$*"
	findings=$((findings + 1))
}

finish() {
	[ "$findings" -eq 0 ] || { echo "$findings finding(s)"; exit 1; }
	exit 0
}
