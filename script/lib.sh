# SPDX-License-Identifier: Apache-2.0
# What the scripts beside this file share: where the project lies, installing, building.
# Sourced, not run.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root: run 'apt-get install ${missing[*]}' as root, then try again"
	fi
}

# need PURPOSE...: installs the packages of script/packages that are not there. Asks dpkg only, so
# that it is quick and works without a network once all are there.
#
# Servers come with a service of the system that Debian starts; while we install, a policy-rc.d of
# ours says no (invoke-rc.d(8)), and one that is there already has its say. What runs already is
# left as it is. What apt says is shown when it fails.
need() {
	local purpose package log
	missing=()
	command -v dpkg-query >/dev/null || {
		say "not a Debian system: make sure that the packages of script/packages are there"
		return 0
	}
	for purpose in "$@"; do
		for package in $(awk -v p="$purpose" '$1 == p { $1 = ""; print }' "$top/script/packages"); do
			is_installed "$package" || missing+=("$package")
		done
	done
	[ ${#missing[@]} = 0 ] && return 0
	say "installing, which may take minutes: ${missing[*]}"
	log=$(mktemp)
	as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 ||
		say "apt-get update failed; trying with the lists that are there"
	# shellcheck disable=SC2016  # the inner shell, which is root, fills it in
	as_root sh -c '
		policy=/usr/sbin/policy-rc.d
		if [ ! -e $policy ]; then
			trap "rm -f $policy" EXIT
			trap "exit 1" INT TERM
			printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
		fi
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
			-o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
	' install "${missing[@]}" >>"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "could not install: ${missing[*]}; all that was said is in $log"
	}
	rm -f "$log"
}

# build_spillway: an optimised build/spillway. One at a time: two of it would be in each other's way.
build_spillway() {
	local build=$top/build
	{
		flock 9
		[ -f "$build/build.ninja" ] ||
			meson setup --buildtype=release -Dwhole=true "$build" "$top" >&2 ||
			die "configuring failed"
		ninja -C "$build" spillway >&2 || die "building failed"
	} 9<"$top/meson.build"
}
