# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by demo and check: install_packages PURPOSE... installs what is missing of .ci/packages, or,
# without the right to do so, says what to install and returns 1.

install_packages() {
	local purposes="$*" wanted missing=()

	wanted=$(awk -v purposes=" $purposes " '!/^#/ && NF == 2 && index(purposes, " " $2 " ") { print $1 }' .ci/packages)
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "This is not a Debian system; these packages, or your system's counterparts, are needed:"
		printf '  %s\n' $wanted
		echo "Continuing with what is here."
		return 0
	fi
	for package in $wanted; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "Missing packages. Install them with:" >&2
		echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
		return 1
	fi
	echo "== installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
		echo "apt-get could not install them; the lines above say why" >&2
		return 1
	}
}
