#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deps.sh: the Debian packages that the project needs, and why.
#
#   deps.sh list      print the table
#   deps.sh install   install what is missing; as a normal user print the command instead
#
# With BENCH=1 also what only the measuring rig (tests/bench/) needs.
#
# Exit status: 0 all there, 1 apt failed (nothing was changed), 2 root is needed.
set -euo pipefail

BUILD=${BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build}

# Names that Debian 12 and Debian 13 share.
table()
{
	cat <<-END
	linux-source-6.12    the kernel that the series applies to
	build-essential      compiler, linker and make for the kernel and the loader
	git                  the kernel tree is a git tree, the hooks are mails for git am
	bc                   kernel build
	bison                kernel build
	flex                 kernel build
	cpio                 kernel build, initial file system of the guest
	kmod                 kernel build
	rsync                kernel headers package, copy of a given source tree
	lz4                  compressed kernel image
	xz-utils             unpacks the kernel source
	libelf-dev           kernel build, libbpf, loader
	libssl-dev           kernel build
	zlib1g-dev           libbpf, bpftool, loader
	libcap-dev           bpftool
	python3              kernel build
	dwarves              pahole: type information (BTF) of the kernel
	debhelper            installable kernel packages
	ccache               a second kernel build takes a tenth of the time
	clang-19             compiles BPF policies
	llvm-19              strips debug information off BPF objects
	pkgconf              finds libraries
	libnuma-dev          loader: nodes and distances
	libjson-c-dev        loader: --json
	numactl              tests
	stress-ng            load for tests with policies that do anything
	qemu-system-x86      runs the patched kernel
	busybox-static       first process of the guest
	redis-server         the program that the demo runs
	redis-tools          load for it
	clang-format-19      make check
	codespell            make check
	shellcheck           make check
	END
	[ -z "${BENCH:-}" ] || bench_table
}

# QEMU itself is fetched by tests/bench/machine/qemu where the system's is too old.
bench_table()
{
	cat <<-END
	jq                   reads what was counted
	gnuplot-nox          plots in the report
	libsqlite3-dev       a workload
	postgresql           a workload
	END
}

say() { printf '%s\n' "deps: $*" >&2; }

missing()
{
	local have
	# shellcheck disable=SC2016 # the ${} is for dpkg-query
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
	table | cut -d' ' -f1 | grep -vxF "$have" || true
}

# Everything is downloaded before anything is installed, so that a network that fails in
# the middle leaves the machine as it was.
apt_install()
{
	local log=$BUILD/deps.log apt=(apt-get -y -q --no-install-recommends)
	export DEBIAN_FRONTEND=noninteractive
	: > "$log"
	if ! apt-cache show "$@" > /dev/null 2>> "$log" ||
	   ! "${apt[@]}" install --download-only "$@" >> "$log" 2>&1; then
		apt-get -q update >> "$log" 2>&1 || fail_apt "the package index could not be updated"
		"${apt[@]}" install --download-only "$@" >> "$log" 2>&1 ||
			fail_apt "packages could not be downloaded: $*"
	fi
	without_services "${apt[@]}" install "$@" >> "$log" 2>&1 || fail_apt "apt-get install failed"
}

# Servers are wanted as programs: Debian's packages ask this file before they start one.
without_services()	# COMMAND...
{
	local policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		# shellcheck disable=SC2064 # the file is known now
		trap "rm -f $policy" EXIT
		printf '#!/bin/sh\nexit 101\n' > $policy
		chmod 755 $policy
	fi
	"$@"
}

fail_apt()
{
	say "$1 ($(grep -m1 '^E: ' "$BUILD/deps.log" || echo 'no reason given'); see $BUILD/deps.log)"
	exit 1
}

install_missing()
{
	local packages
	command -v dpkg-query > /dev/null || { say "this is not Debian: install what 'deps.sh list' names"; exit 1; }
	mapfile -t packages < <(missing)
	[ ${#packages[@]} -gt 0 ] || return 0
	say "missing:"
	table | grep -E "^($(IFS='|'; echo "${packages[*]}")) " | sed 's/^/  /' >&2
	if [ "$(id -u)" -ne 0 ]; then
		say "run: sudo apt-get install --no-install-recommends ${packages[*]}"
		exit 2
	fi
	mkdir -p "$BUILD"
	say "installing ${#packages[@]} packages"
	apt_install "${packages[@]}"
}

case ${1:-} in
list) table ;;
install) install_missing ;;
*) say "usage: deps.sh list|install"; exit 2 ;;
esac
