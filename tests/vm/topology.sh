# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's nodes and what the firmware says about them. A node becomes a memory tier of
# its own only if the HMAT has a latency *and* a bandwidth for every initiator and target.

# A path that crosses to another socket takes longer and is narrower.
SOCKET_PENALTY_NS=60
SOCKET_BANDWIDTH_DIVISOR=2

node_size=()		# MiB
node_cpus=()
node_latency=()		# ns, seen from the node's own initiator
node_bandwidth=()	# GB/s, likewise
node_initiator=()	# the node whose CPUs are nearest
node_removable=()	# 1 if the guest can take its memory offline
declare -A node_distance

to_mib()
{
	case $1 in
	*[0-9]G) echo $((${1%G} * 1024)) ;;
	*[0-9]M) echo $((${1%M})) ;;
	*) return 1 ;;
	esac
}

# topology_add_node size=512M[,cpus=2][,latency=NS][,bandwidth=GBPS][,initiator=NODE][,removable=1]
topology_add_node()
{
	local n=${#node_size[@]} field value size='' cpus=0 latency='' bandwidth='' initiator='' removable=0
	while IFS="=" read -r field value; do
		case $field in
		size) size=$(to_mib "$value") || return 1 ;;
		cpus|latency|bandwidth|initiator|removable)
			[[ $value =~ ^[0-9]+$ ]] || return 1
			printf -v "$field" %s "$value" ;;
		*) return 1 ;;
		esac
	done < <(tr ',' '\n' <<< "$1")
	[ -n "$size" ] || return 1
	if [ "$cpus" -gt 0 ]; then
		initiator=$n
	fi
	node_size[n]=$size
	node_cpus[n]=$cpus
	node_latency[n]=${latency:-$([ "$cpus" -gt 0 ] && echo 80 || echo 250)}
	node_bandwidth[n]=${bandwidth:-$([ "$cpus" -gt 0 ] && echo 100 || echo 20)}
	node_initiator[n]=${initiator:-0}
	node_removable[n]=$removable
}

# topology_add_distance A,B=VALUE
topology_add_distance()
{
	[[ $1 =~ ^([0-9]+),([0-9]+)=([0-9]+)$ ]] || return 1
	node_distance[${BASH_REMATCH[1]},${BASH_REMATCH[2]}]=${BASH_REMATCH[3]}
}

topology_defaults()
{
	[ ${#node_size[@]} -eq 0 ] || return 0
	topology_add_node size=512M,cpus=2,latency=80,bandwidth=100
	topology_add_node size=1G,latency=250,bandwidth=20
}

distance()	# A B, A < B
{
	local given=${node_distance[$1,$2]:-${node_distance[$2,$1]:-}}
	if [ -n "$given" ]; then
		echo "$given"
	elif [ "${node_cpus[$1]}" -gt 0 ] && [ "${node_cpus[$2]}" -gt 0 ]; then
		echo 21
	elif [ "${node_initiator[$1]}" = "${node_initiator[$2]}" ]; then
		echo 30
	else
		echo 40
	fi
}

# One socket per node with CPUs where that is possible; else one per CPU, because CPUs of
# one socket on two nodes make the scheduler complain.
smp_arg()
{
	local c cpus=0 sockets=0 first=0 equal=1
	for c in "${node_cpus[@]}"; do
		[ "$c" -gt 0 ] || continue
		[ "$first" -ne 0 ] || first=$c
		[ "$c" -eq "$first" ] || equal=0
		cpus=$((cpus + c))
		sockets=$((sockets + 1))
	done
	[ $equal -eq 1 ] || { sockets=$cpus; first=1; }
	printf '%s\n' -smp "$cpus,sockets=$sockets,cores=$first,threads=1"
}

# Memory that was there at boot holds pages that cannot move; a DIMM plugged in later can be
# taken offline as a whole.
node_args()
{
	local n first=0 total=0 plugged=0 cpus memory
	for n in "${!node_size[@]}"; do
		cpus=
		if [ "${node_cpus[$n]}" -gt 0 ]; then
			cpus=,cpus=$first-$((first + node_cpus[n] - 1))
			first=$((first + node_cpus[n]))
		fi
		# Memory that the guest never touches need not be there.
		printf '%s\n' -object "memory-backend-ram,id=m$n,size=${node_size[$n]}M,reserve=off"
		if [ "${node_removable[$n]}" -eq 1 ]; then
			memory=
			plugged=$((plugged + node_size[n]))
			printf '%s\n' -device "pc-dimm,id=dimm$n,memdev=m$n,node=$n"
		else
			memory=,memdev=m$n
			total=$((total + node_size[n]))
		fi
		printf '%s\n' -numa "node,nodeid=$n$memory$cpus,initiator=${node_initiator[$n]}"
	done
	if [ $plugged -gt 0 ]; then
		printf '%s\n' -m "${total}M,slots=4,maxmem=$((total + plugged + 1024))M"
	else
		printf '%s\n' -m "${total}M"
	fi
}

distance_args()
{
	local a b
	for a in "${!node_size[@]}"; do
		for b in "${!node_size[@]}"; do
			[ "$a" -lt "$b" ] || continue
			printf '%s\n' -numa "dist,src=$a,dst=$b,val=$(distance "$a" "$b")"
		done
	done
}

# What CPUs of node I wait for memory of node T, in ns.
latency_from()	# I T
{
	local latency=${node_latency[$2]}
	[ "${node_initiator[$2]}" = "$1" ] || latency=$((latency + SOCKET_PENALTY_NS))
	echo "$latency"
}

hmat_args()
{
	local i t bandwidth
	for i in "${!node_size[@]}"; do
		[ "${node_cpus[$i]}" -gt 0 ] || continue
		for t in "${!node_size[@]}"; do
			bandwidth=$((node_bandwidth[t] * 1000))
			[ "${node_initiator[$t]}" = "$i" ] || bandwidth=$((bandwidth / SOCKET_BANDWIDTH_DIVISOR))
			hmat_pair "$i" "$t" access-latency "latency=$(latency_from "$i" "$t")"
			hmat_pair "$i" "$t" access-bandwidth "bandwidth=${bandwidth}M"
		done
	done
}

hmat_pair()	# INITIATOR TARGET DATA-TYPE VALUE
{
	printf '%s\n' -numa "hmat-lb,initiator=$1,target=$2,hierarchy=memory,data-type=$3,$4"
}

# QEMU's arguments, one per line.
topology_args()
{
	smp_arg
	node_args
	distance_args
	hmat_args
}
