# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the other scripts. Debian's own tools come first in PATH: a python or meson from elsewhere lacks the
# modules that scripts/install provides. TS_ROOT is the repository; nothing depends on the caller's directory.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C.UTF-8
TS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

ts_die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

ts_need_root() {
	[ "$(id -u)" = 0 ] || ts_die "must be run as root (it makes network namespaces and TAP devices)"
}

# ts_build DIR [MESON OPTION...]: set up once, then build what changed. Silent unless it fails. A lock on the directory
# keeps two scripts started at the same time from building over each other.
ts_build() {
	local dir=$TS_ROOT/$1 log rc=0
	shift
	log=$(mktemp /tmp/tsunagi-build.XXXXXX)
	mkdir -p "$dir"
	(
		flock 9
		if [ ! -f "$dir/build.ninja" ]; then
			meson setup "$dir" "$TS_ROOT" "$@"
		fi && ninja -C "$dir"
	) 9<"$dir" >"$log" 2>&1 || rc=$?
	[ $rc = 0 ] || tail -n 60 "$log" >&2
	rm -f "$log"
	return $rc
}
