# SPDX-License-Identifier: GPL-2.0
# C++ objects in Kbuild: the rule for %.o from %.cc, included at the end of the
# project's Kbuild. It follows the kernel's own rule for C (scripts/Makefile.build,
# rule_cc_o_c) and derives its flags from KBUILD_CFLAGS, so that every option that
# changes code generation (KASAN, function tracing, retpolines, stack protector)
# holds for C++ too.

# "ccache g++" or another command; must be the C compiler's own C++ front end.
DMAMAP_CXX ?= $(CROSS_COMPILE)g++

# libc++'s headers: Debian's libc++-NN-dev puts them into one of these folders.
dmamap-libcxx := $(firstword $(wildcard /usr/include/c++/v1 \
			$(sort $(wildcard /usr/lib/llvm-*/include/c++/v1))))
ifeq ($(dmamap-libcxx),)
$(error dmamap: libc++'s headers are missing; install libc++-dev, or run "make deps" in the project)
endif

# Warnings and dialects that g++ does not know for C++.
cxx-drop := -std=gnu11 -std=gnu% -Wstrict-prototypes -Werror=strict-prototypes \
	-Werror=implicit-function-declaration -Werror=implicit-int -Wmissing-prototypes \
	-Wmissing-declarations -Wno-pointer-sign -Werror=incompatible-pointer-types \
	-Werror=designated-init -Wno-override-init -Wbad-function-cast -Wenum-conversion \
	-Wold-style-definition -Wdeclaration-after-statement -Wno-main \
	-Wno-designated-init -Wno-missing-prototypes -Wunused -Wno-override-init-side-effects \
	-Werror=enum-conversion

# -fbuiltin: a copy of 16 bytes is four moves, not a call to memcpy().
# -fno-devirtualize-speculatively: on PA-RISC, that optimization compares function
# pointers through a libgcc routine that the kernel does not have.
cxx-lang := -std=gnu++2b -ffreestanding -fbuiltin -fno-exceptions -fno-rtti \
	-fno-threadsafe-statics -fcheck-new -fvisibility=hidden -fno-use-cxa-atexit \
	-fno-devirtualize-speculatively -Wnon-virtual-dtor -Wsuggest-override

# No header of the kernel and none of a hosted C library: only the boundary,
# libc++ with our __config_site and stand-ins, and the compiler's own.
cxx-inc := -nostdinc -nostdinc++ -isystem $(src)/dma/cxx/shadow \
	-isystem $(src)/dma/cxx/libcxx -isystem $(dmamap-libcxx) \
	-isystem $(shell $(DMAMAP_CXX) -print-file-name=include) \
	-idirafter $(src)/dma/cxx/libc \
	-include $(objtree)/include/generated/autoconf.h


cxx_flags = -Wp,-MMD,$(depfile) $(cxx-inc) $(filter-out $(cxx-drop),$(_c_flags)) \
	$(modkern_cflags) $(cxx-lang) $(CXXFLAGS_$(target-stem).o) \
	$(modname_flags) $(basename_flags)

# g++ puts templates and inline functions into sections of their own, which the
# linker scripts of most machines do not place; merge them (see comdat.lds).
cmd_cxx_place = $(if $(part-of-builtin), ; $(LD) $(KBUILD_LDFLAGS) -r --force-group-allocation \
	-T $(src)/dma/cxx/comdat.lds -o $(tmp-target) $@ ; mv $(tmp-target) $@)

quiet_cmd_cxx_o_cc = CXX $(quiet_modtag)  $@
      cmd_cxx_o_cc = $(DMAMAP_CXX) $(cxx_flags) -c -o $@ $< $(cmd_cxx_place) $(cmd_objtool)

quiet_cmd_cxx_check = CHECK   $@
      cmd_cxx_check = $(CONFIG_SHELL) $(src)/dma/cxx/check-object.sh '$(READELF)' '$(NM)' $@

define rule_cxx_o_cc
	$(call cmd_and_fixdep,cxx_o_cc)
	$(call cmd,cxx_check)
	$(call cmd,gen_objtooldep)
	$(call cmd,record_mcount)
endef

$(obj)/%.o: $(obj)/%.cc $(recordmcount_source) $(src)/dma/cxx/check-object.sh \
		$(src)/dma/cxx/comdat.lds FORCE
	$(call if_changed_rule,cxx_o_cc)
