#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install what the builds and the boards need: Debian packages, nothing else.
# Quick and silent about apt when nothing is missing.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
readonly repo
readonly qemu_least=10
readonly backports=sources.list.d/dmamap-backports.sources
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
etc_apt=/etc/apt
as_root=()
with=
again='make deps'		# what to run as root when we are not

usage() {
	cat <<-EOF
	usage: ${0##*/} [--list] [--with coverage|fuzz]
	  Installs the packages that dmamap needs, on Debian 12 or 13.
	  --list           only print their names
	  --with coverage  also those that only 'make coverage' needs
	  --with fuzz      the same for 'make fuzz'
	Through make: make deps
	EOF
}

stop() {
	echo "dmamap: $*" >&2
	exit 1
}

# 12 or 13; anything else can't be helped by installing packages.
debian_version() {
	local id='' version=''
	if [ -r /etc/os-release ]; then
		id=$(. /etc/os-release && echo "${ID:-}")
		version=$(. /etc/os-release && echo "${VERSION_ID:-}")
	fi
	case $id:$version in
	debian:12|debian:13) echo "$version" ;;
	*) stop "this is ${id:-an unknown system} $version; 'make deps' knows" \
		"Debian 12 and 13 only (run it there, or in a container)" ;;
	esac
}

# The libc++ headers that the kernel objects are compiled with. 16 is the last
# version made for GCC 12; Debian 13 has GCC 14 and no libc++ 16 any more.
libcxx_package() {
	case $debian in
	12) echo libc++-16-dev ;;
	13) echo libc++-19-dev ;;
	esac
}

list_packages() {
	printf '%s\n' linux-source-6.12 \
		gcc g++ make cmake ninja-build ccache flex bison bc cpio \
		xz-utils kmod python3 device-tree-compiler util-linux pkg-config \
		libelf-dev libssl-dev libncurses-dev libgtest-dev rumur \
		"$(libcxx_package)"
	list_of_boards | grep -v '^qemu-'
	# llvm: what reads the counts, what names the lines of a stack.
	[ -z "$with" ] || printf '%s\n' clang-19 llvm-19 libclang-rt-19-dev
	list_qemu
}

list_qemu() {
	list_of_boards | grep '^qemu-'
}

# The packages that each board names in arch/MACHINE/board/packages, one a line; not those with
# [!ARCHITECTURE] on a host of that one, whose own compiler will do.
list_of_boards() {
	sed -E '/^#/d; /^$/d' "$repo"/arch/*/board/packages |
		awk -v not="[!$(dpkg --print-architecture)]" '$2 != not { print $1 }' |
		sort -u
}

# missing NAME...: those of the packages that are not installed.
missing() {
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		awk -v all="$*" '
		$2 == "installed" { have[$1] = 1 }
		END {
			n = split(all, name, " ")
			for (i = 1; i <= n; i++)
				if (!have[name[i]])
					print name[i]
		}'
}

# Major version of an installed QEMU package; 0 if it isn't there.
qemu_major() {
	local version
	version=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null) || version=
	version=${version#*:}
	version=${version%%.*}
	echo "${version:-0}"
}

# QEMU packages that are missing or too old.
old_qemu() {
	local package
	for package in $(list_qemu); do
		[ "$(qemu_major "$package")" -ge $qemu_least ] ||
			echo "$package"
	done
}

become_root() {
	[ "$(id -u)" -ne 0 ] || return 0
	command -v sudo >/dev/null ||
		stop "packages are missing ($*) and you are neither root nor" \
			"have sudo; run '$again' as root once"
	sudo -v || stop "sudo did not let you in; run '$again' as root once"
	as_root=(sudo env "DEBIAN_FRONTEND=$DEBIAN_FRONTEND" "LC_ALL=C")
}

# Whether a source of suite bookworm-backports is there already.
have_backports() {
	grep -qsE '^[^#]*bookworm-backports' "$etc_apt"/sources.list \
		"$etc_apt"/sources.list.d/*.list \
		"$etc_apt"/sources.list.d/*.sources
}

# "URI SIGNED-BY" of the machine's own entry of suite bookworm, deb822 format.
entry_of_sources() {
	sed -s '$G' "$etc_apt"/sources.list.d/*.sources 2>/dev/null | awk '
	BEGIN { RS = ""; FS = "\n" }
	{
		uri = key = suites = types = enabled = ""
		for (i = 1; i <= NF; i++) {
			split($i, word, /[ \t]+/)
			rest = $i
			sub(/^[^:]*:[ \t]*/, "", rest)
			name = tolower(word[1])
			if (name == "types:") types = " " rest " "
			if (name == "uris:") { split(rest, u, " "); uri = u[1] }
			if (name == "suites:") suites = " " rest " "
			if (name == "signed-by:") key = rest
			if (name == "enabled:") enabled = rest
		}
		if (types ~ / deb / && suites ~ / (bookworm|stable) / &&
		    enabled != "no") {
			print uri, key
			exit
		}
	}'
}

# The same from the one-line format: deb [signed-by=KEY] URI bookworm main.
entry_of_lists() {
	cat "$etc_apt"/sources.list "$etc_apt"/sources.list.d/*.list \
		2>/dev/null |
	sed -nE 's/^deb +(\[([^]]*)\] +)?([^ ]+) +(bookworm|stable) .*/\3 [\2]/p' |
	sed -E 's/\[.*signed-by=([^] ]*).*\]/\1/; s/ \[.*//' | head -n 1
}

# QEMU 10 is in Debian 12's backports: same mirror, same key as the machine's.
add_backports() {
	! have_backports || return 0
	local uri key
	# Each may be without a file to read; that is not the end of the other.
	read -r uri key < <(entry_of_sources || true; entry_of_lists || true) ||
		true
	[ -n "${uri:-}" ] ||
		stop "no apt source of suite bookworm to derive bookworm-backports" \
			"from; add one to $etc_apt/sources.list.d"
	[ -n "${key:-}" ] || key=$keyring
	echo "  apt: adding bookworm-backports of $uri ($etc_apt/$backports)"
	printf '%s\n' "# Written by 'make deps' of dmamap, for QEMU $qemu_least." \
		"Types: deb" "URIs: $uri" "Suites: bookworm-backports" \
		"Components: main" "Signed-By: $key" |
		"${as_root[@]}" tee "$etc_apt/$backports" >/dev/null
}

install_all() {
	local wanted qemu
	become_root "$@"
	[ "$debian" != 12 ] || [ -z "$(old_qemu)" ] || add_backports
	echo "  apt: updating the package lists"
	# A source that has nothing to do with us may fail; ours shows below.
	"${as_root[@]}" apt-get update >/dev/null 2>&1 || true
	mapfile -t qemu < <(old_qemu)
	mapfile -t wanted < <(printf '%s\n' "$@" | grep -v '^qemu-')
	[ ${#wanted[@]} -eq 0 ] || apt_install "${wanted[@]}"
	[ ${#qemu[@]} -eq 0 ] ||
		if [ "$debian" = 12 ]; then
			apt_install -t bookworm-backports "${qemu[@]}"
		else
			apt_install "${qemu[@]}"
		fi
}

# Its output is shown only if it fails.
apt_install() {
	local output
	echo "  apt: installing $*"
	output=$("${as_root[@]}" apt-get install -y \
		--no-install-recommends "$@" 2>&1) || {
		tail -n 15 <<<"$output" >&2
		stop "apt-get could not install these packages; is the package" \
			"mirror reachable?"
	}
}

check() {
	local still
	still=$(missing $(list_packages) | tr '\n' ' ')
	[ -z "$still" ] || stop "still missing after installation: $still"
	still=$(old_qemu | tr '\n' ' ')
	[ -z "$still" ] || stop "QEMU $qemu_least or newer is needed, but the" \
		"mirror gave an older one ($still): use a current mirror"
}

main() {
	local need only_list=
	while [ $# -gt 0 ]; do
		case $1 in
		--list) only_list=yes ;;
		--with)
			case ${2:-} in
			coverage|fuzz) with=$2 ;;
			*) usage >&2; exit 2 ;;
			esac
			again="$0 --with $with"
			shift
			;;
		-h|--help) usage; exit 0 ;;
		*) usage >&2; exit 2 ;;
		esac
		shift
	done
	debian=$(debian_version)
	[ -z "$only_list" ] || { list_packages; exit 0; }
	need=$({ missing $(list_packages); old_qemu; } | sort -u)
	[ -z "$need" ] || install_all $need
	check
	[ -n "$need" ] || echo "  packages: all there"
}

[ "${BASH_SOURCE[0]}" != "$0" ] || main "$@"
