#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# install_test.sh CMAKE BUILD CC: installs the library, and builds a program with it.
set -eu

cmake=$1 build=$2 cc=$3
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$cmake" --install "$build" --prefix "$place" --component hca > /dev/null
for file in lib/libhca.a lib/pkgconfig/libhca.pc include/hca/hca.hpp \
	    share/man/man1/hca-hello.1 share/man/man1/hca-info.1 \
	    share/man/man1/hca-pingpong.1 share/man/man1/hca-bw.1 \
	    share/man/man1/hca-stress.1 share/man/man1/hca-fabric.1 \
	    share/man/man1/hca-figures.1 \
	    share/man/man3/libhca.3 lib/udev/rules.d/60-hca.rules; do
	[ -s "$place/$file" ] || { echo "$file is not installed"; exit 1; }
done

cat > "$place/user.c" << 'END'
#include <errno.h>
#include <hca.h>

int main(void)
{
	struct hca *hca;

	return hca_open("/nowhere", &hca) == -ENOENT ? 0 : 1;
}
END
flags() { PKG_CONFIG_PATH=$place/lib/pkgconfig pkg-config "$@" libhca; }
# Unquoted, because these are several options of the compiler.
# shellcheck disable=SC2046
"$cc" -std=c11 -Wall -Werror $(flags --cflags) "$place/user.c" $(flags --libs) -o "$place/user"
"$place/user"
