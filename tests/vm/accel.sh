# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which accelerator: /dev/kvm can exist and still abort or hang, so only a guest that ran
# to its end under KVM proves it. The answer is kept until the next boot of the host.

# shellcheck disable=SC2154 # here and kernel come from run
kvm_works()
{
	local memo
	memo=$BUILD/vm/kvm-$(cat /proc/sys/kernel/random/boot_id)
	[ -w /dev/kvm ] || return 1
	if ! [ -f "$memo" ]; then
		mkdir -p "$BUILD/vm"
		if "$here/run" --kernel "$kernel" --accel kvm --timeout 20 true 2> /dev/null; then
			echo yes > "$memo"
		else
			echo no > "$memo"
		fi
	fi
	[ "$(cat "$memo")" = yes ]
}

# Sets accel to tcg or kvm.
accel_choose()
{
	[ "$accel" = auto ] || return 0
	if kvm_works; then accel=kvm; else accel=tcg; fi
}

# Before 8.1 an emulator that runs each CPU in a thread of its own can execute a translation of
# code that another CPU has just patched, and the kernel patches itself whenever a static key is
# switched. In one thread CPUs take turns, and do so at once where one waits for another.
tcg_thread()
{
	local version
	version=$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
	if printf '%s\n' 8.1 "$version" | sort -CV; then echo multi; else echo single; fi
}

# Emulated, "rep movsb" moves one byte at a time, and the kernel takes it where it is said
# to be fast: without the two flags it moves eight.
# With icount the clock and the time stamp counter advance by one nanosecond and one tick per
# instruction, whatever the host does meanwhile.
accel_args()	# tcg|icount|kvm
{
	case $1 in
	kvm) printf '%s\n' -accel kvm -cpu host ;;
	icount) printf '%s\n' -accel tcg,thread=single -cpu max,-erms,-fsrm,-rdrand,-rdseed \
		-icount shift=0,sleep=off -rtc clock=vm ;;
	tcg) printf '%s\n' -accel tcg,thread="$(tcg_thread)" -cpu max,-erms,-fsrm ;;
	esac
	printf '%s\n' -machine q35,hmat=on,usb=off,vmport=off
}
