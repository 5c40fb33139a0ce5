# SPDX-License-Identifier: GPL-2.0
# The commands of the project; "make" alone lists them. The kernel never reads
# this file: Kbuild takes the file Kbuild beside it.

BOARD	?= x86
CONFIG	?= default

# Each machine brings its board.
machines := $(sort $(notdir $(patsubst %/board/board.py,%,$(wildcard \
	    $(dir $(lastword $(MAKEFILE_LIST)))arch/*/board/board.py))))
rooms	:= $(dir $(lastword $(MAKEFILE_LIST)))kunit/board
board	 = PYTHONDONTWRITEBYTECODE=1 python3 $(rooms)/cli.py
options	 = --board='$(BOARD)' --config='$(CONFIG)' \
	   $(if $(STRATEGY),--strategy='$(STRATEGY)') \
	   $(if $(SETUP),--setup='$(SETUP)') \
	   $(if $(FILTER),--filter='$(FILTER)')

.PHONY: help
help:
	@echo 'Two commands, each installs what is missing, builds and boots:'
	@echo '  make run          two processes say hello through the HCA; prints measured values'
	@echo '  make check        all tests, on the host and on all boards; with CONFIG=wide also on'
	@echo '                    variants of the boards, and random configurations'
	@echo
	@echo 'While you work:'
	@echo '  make quick        host tests, and KUnit and the short programs of one board'
	@echo
	@echo 'Parts of them:'
	@echo '  make deps         install the Debian packages that are missing'
	@echo '  make kernel       build the kernel of a board'
	@echo '  make user         build the programs of a board'
	@echo '  make host         build the chip model and the host tests'
	@echo '  make kunit        boot a board for its KUnit tests, FILTER=suite.test selects'
	@echo '  make test         boot a board for its test programs, FILTER=regexp selects'
	@echo '  make xray         boot a board and list what translates coherent memory: of stock, of the layer'
	@echo '  make fabric       boot all boards on one fabric, each talks to each; MESSAGES=N FAULTS=N of 1000'
	@echo '  make stress       boot a board whose processes send MESSAGES=N (a million), each is checked'
	@echo '  make figures      boot a board and count instructions, beside stock memory and sockets; JSON=file'
	@echo
	@echo 'Your own kernel, 6.12:'
	@echo '  make attach KSRC=/path/to/linux   add the layer to a source tree'
	@echo '  make detach KSRC=/path/to/linux   take it out, without a trace'
	@echo
	@echo 'For development:'
	@echo '  make menuconfig         change the configuration of a board'
	@echo '  make prove              search all that strategies and machines can do together'
	@echo '  make soak STEPS=N       walk through it at random, SEED=N goes on where it was'
	@echo '  make fuzz SECONDS=N     libFuzzer draws the moves, orders and events for the judge, and what guests do to the chip'
	@echo '  make bench              what a resolution costs with one region and with a million'
	@echo '  make randconfig N=20    compile the layer with kernels configured at random, from SEED=1 on'
	@echo '  make murphi             the judge against models in another language, FILTER=glob selects'
	@echo '  make mutants            wrong versions of the layer, each must be found; ONLY=hand|mechanical'
	@echo '  make coverage           branches of the layer that the host tests take; must be all'
	@echo '  make compile_commands   compile_commands.json for clangd, of what is built'
	@echo '  make clean              remove what was built'
	@echo '  make distclean          remove all that was made in the cache folder, kernel source included'
	@echo
	@echo 'Variables:'
	@echo '  BOARD=NAME                 default $(BOARD); $(machines) or all; check takes all'
	@echo '  STRATEGY=NAME              how memory is made coherent; default: the board'"'"'s own'
	@echo '  PROFILE=NAME               prove, soak: a board or worst, and these -snooped'
	@echo '  TARGET=NAME                fuzz: layer, orders, oracle, chip or all'
	@echo '  CONFIG=NAME                default, or a fragment with-NAME.config in kunit/board or arch/*/board'
	@echo '  SETUP=NAME                 how a kernel is booted where there are several ways, as with an'
	@echo '                             IOMMU; they are in docs/boards.md, default none of them'
	@echo '  DMAMAP_CACHE=FOLDER        where sources and builds live, missing or empty at first;'
	@echo '                             default ~/.cache/dmamap; logs of the last command: log/latest in it'

.PHONY: deps
deps:
	@$(rooms)/build/deps.sh

.PHONY: run kunit test xray check quick kernel user host
run kunit test xray check quick kernel user host: deps
	@$(board) $@ $(options)

.PHONY: fabric
fabric: deps
	@$(board) $@ $(if $(MESSAGES),--messages='$(MESSAGES)') $(if $(FAULTS),--faults='$(FAULTS)') \
		--config='$(CONFIG)'

.PHONY: stress
stress: deps
	@$(board) $@ $(options) $(if $(MESSAGES),--messages='$(MESSAGES)')

.PHONY: figures
figures: deps
	@$(board) $@ $(options) $(if $(JSON),--json='$(JSON)')

.PHONY: prove soak
prove soak: deps
	@$(board) $@ $(if $(STRATEGY),--strategy='$(STRATEGY)') \
		$(if $(PROFILE),--profile='$(PROFILE)') $(if $(PART),--part='$(PART)') \
		$(if $(STEPS),--steps='$(STEPS)') $(if $(SEED),--seed='$(SEED)')

.PHONY: randconfig
randconfig: deps
	@$(board) $@ --board='$(BOARD)' $(if $(N),--count='$(N)') $(if $(SEED),--seed='$(SEED)')

# ONLY=hand or mechanical; what was judged before and has not changed is not
# judged again.
.PHONY: mutants
mutants: deps
	@PYTHONDONTWRITEBYTECODE=1 $(rooms)/../mutants/run.py $(if $(ONLY),--only '$(ONLY)')

.PHONY: murphi
murphi: deps
	@$(board) $@ $(if $(FILTER),--filter='$(FILTER)')

.PHONY: bench
bench: deps
	@$(board) $@

.PHONY: menuconfig
menuconfig: deps
	@$(board) $@ $(options)

# Packages that nothing else needs come with the command that does.
.PHONY: coverage
coverage:
	@$(rooms)/build/deps.sh --with coverage
	@$(board) $@

.PHONY: fuzz
fuzz:
	@$(rooms)/build/deps.sh --with fuzz
	@$(board) $@ $(if $(TARGET),--target='$(TARGET)') $(if $(SECONDS),--seconds='$(SECONDS)')

.PHONY: attach detach
attach detach:
	@$(rooms)/build/attach.sh $@ '$(KSRC)'

.PHONY: compile_commands
compile_commands:
	@$(board) compile-commands $(options)

.PHONY: clean distclean
clean distclean:
	@$(board) $@
