#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Join the layer to a Linux 6.12 tree, or undo that without a trace.
#
# The tree gets a folder drivers/dmamap of symbolic links to this repository,
# one line in drivers/Kconfig and one in drivers/Makefile. Each step leaves a
# tree that builds, and an attach that fails takes back what it did.
set -euo pipefail
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
readonly repo
readonly kconfig_line='source "drivers/dmamap/Kconfig"'
readonly makefile_line='obj-$(CONFIG_DMAMAP)		+= dmamap/'
# What the kernel side consists of; everything else stays at home.
readonly rooms=(Kbuild Kconfig dma arch hca/driver hca/include hca/lib
		kunit/suites kunit/mapper kunit/cases kunit/machine)

usage() {
	cat <<-EOF
	usage: ${0##*/} attach|detach KERNEL_TREE
	  attach  join the layer to a Linux 6.12 source tree (again: refresh)
	  detach  undo it; the tree is then as it was, byte for byte
	Through make: make attach KSRC=/path/to/linux
	EOF
}

stop() {
	echo "dmamap: $*" >&2
	exit 1
}

# The value of a variable at the top of a kernel's Makefile.
makefile_value() {
	sed -n "s/^$1 *= *//p" "$ksrc/Makefile" | head -n 1
}

check_tree() {
	[ -n "$ksrc" ] ||
		stop "no kernel tree given; use KSRC=/path/to/linux"
	[ -d "$ksrc" ] || stop "$ksrc is not a folder"
	local file
	for file in Makefile Kbuild drivers/Kconfig drivers/Makefile; do
		[ -f "$ksrc/$file" ] ||
			stop "$ksrc is not a Linux source tree (no $file)"
	done
	local version
	version=$(makefile_value VERSION).$(makefile_value PATCHLEVEL)
	[ "$version" = 6.12 ] ||
		stop "$ksrc is Linux $version; the layer is for 6.12"
	[ -w "$ksrc/drivers" ] || stop "$ksrc/drivers is not writable"
	farm=$ksrc/drivers/dmamap
	[ ! -e "$farm" ] || [ -f "$farm/.dmamap-attached" ] ||
		stop "$farm exists and is not ours; remove it first"
}

# Files of the kernel side, relative to the repository.
list_files() {
	local room found=()
	for room in "${rooms[@]}"; do
		[ ! -e "$repo/$room" ] || found+=("$room")
	done
	[ ${#found[@]} -eq 0 ] ||
		(cd "$repo" && find "${found[@]}" -type f ! -name '.*' \
			! -name '*~' ! -name '*.md' ! -name '*.o' ! -path 'arch/*/board/*')
}

# Links that the farm should have, and has: "FILE<tab>TARGET", sorted.
links_wanted() {
	list_files | sed "s|.*|&\t$repo/&|" | sort
}

links_there() {
	find "$farm" -type l -printf '%P\t%l\n' | sort
}

# Make the links of the farm what they should be, and nothing more.
fill_farm() {
	local file link
	mkdir -p "$farm"
	: >"$farm/.dmamap-attached"
	comm -13 <(links_wanted) <(links_there) | cut -f 1 |
		while read -r file; do
			rm -f "$farm/$file"
		done
	comm -23 <(links_wanted) <(links_there) | cut -f 1 |
		while read -r file; do
			link=$farm/$file
			[ -d "${link%/*}" ] || mkdir -p "${link%/*}"
			ln -sfn "$repo/$file" "$link"
		done
	find "$farm" -mindepth 1 -type d -empty -delete
}

# replace FILE: put standard input in its place, all at once, same mode.
replace() {
	local new=$1.dmamap-new
	cp -p "$1" "$new"
	cat >"$new"
	mv "$new" "$1"
}

# insert FILE LINE PATTERN: LINE before the last line that matches PATTERN.
insert() {
	local file=$ksrc/$1 line=$2 pattern=$3 last text
	! grep -qxF -- "$line" "$file" || return 0
	last=$(grep -n -- "$pattern" "$file" | tail -n 1 | cut -d: -f1) || true
	[ -n "$last" ] || stop "$file has no line like $pattern to attach to"
	text=$(head -n $((last - 1)) "$file"; echo "$line"; echo .)
	{ printf '%s' "${text%.}"; tail -n +"$last" "$file"; } |
		replace "$file"
}

# take_out FILE LINE: the inverse of insert.
take_out() {
	local file=$ksrc/$1
	! grep -qxF -- "$2" "$file" ||
		sed "$(grep -nxF -- "$2" "$file" | cut -d: -f1 | sed 's/$/d/')" \
			"$file" | replace "$file"
}

detach() {
	take_out drivers/Makefile "$makefile_line"
	take_out drivers/Kconfig "$kconfig_line"
	rm -rf "$farm" "$ksrc"/drivers/{Kconfig,Makefile}.dmamap-new
}

attach() {
	[ -f "$repo/Kconfig" ] && [ -f "$repo/Kbuild" ] ||
		stop "$repo has no Kconfig and Kbuild; this checkout is incomplete"
	# A tree that was attached before stays so when a refresh fails.
	[ -f "$farm/.dmamap-attached" ] || trap detach EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	fill_farm
	insert drivers/Kconfig "$kconfig_line" '^endmenu'
	insert drivers/Makefile "$makefile_line" '^obj-'
	trap - EXIT
}

main() {
	case ${1:-} in
	attach|detach) ;;
	-h|--help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	ksrc=${2:-}
	check_tree
	ksrc=$(cd "$ksrc" && pwd -P)
	farm=$ksrc/drivers/dmamap
	if [ "$1" = attach ]; then
		attach
		echo "  attached $repo to $ksrc; enable CONFIG_DMAMAP there"
	else
		detach
		echo "  detached from $ksrc"
	fi
}

main "$@"
