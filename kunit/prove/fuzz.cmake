# SPDX-License-Identifier: GPL-2.0
# Three targets for libFuzzer ("make fuzz"), and a test of each that needs no
# libFuzzer: the same source, with inputs that fuzz_driver.cc makes up.
option(DMAMAP_FUZZ "the targets for libFuzzer; needs clang" OFF)

get_target_property(dmamap_judge_sources dmamap_judge SOURCES)
get_target_property(dmamap_prove_sources dmamap_prove SOURCES)

# dmamap_fuzz_test(TARGET INPUTS LONGEST SOURCE...): a test of a second or two.
function(dmamap_fuzz_test target inputs longest)
	set(program dmamap_fuzz_${target}_test)
	add_executable(${program} fuzz_${target}.cc fuzz_driver.cc ${ARGN})
	target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
	target_link_libraries(${program} PRIVATE dmamap_warnings)
	add_test(NAME dmamap_fuzz.${target} COMMAND ${program} ${inputs} ${longest})
	set_tests_properties(dmamap_fuzz.${target} PROPERTIES TIMEOUT 120)
endfunction()

dmamap_fuzz_test(layer 4000 4000 programs.cc)
target_link_libraries(dmamap_fuzz_layer_test PRIVATE dmamap_prove)
dmamap_fuzz_test(orders 1000 13 programs.cc)
target_link_libraries(dmamap_fuzz_orders_test PRIVATE dmamap_prove)
# With sanitizers: this target looks for an oracle that falls over.
dmamap_fuzz_test(oracle 2000 400 ${dmamap_judge_sources})
target_link_libraries(dmamap_fuzz_oracle_test PRIVATE dmamap_sanitizers)

if(NOT DMAMAP_FUZZ)
	return()
endif()
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
	message(FATAL_ERROR "DMAMAP_FUZZ needs clang; "
		"add -DCMAKE_CXX_COMPILER=clang++-19, or use make fuzz")
endif()

# All sources that the targets need, compiled once more and instrumented.
list(REMOVE_ITEM dmamap_prove_sources plan.cc prove.cc soak.cc)
add_library(dmamap_fuzz_all STATIC
	${dmamap_judge_sources} ${dmamap_prove_sources} programs.cc)
set(dmamap_fuzz_flags -O2 -fsanitize=address,undefined -fno-sanitize-recover=all
	-fno-omit-frame-pointer)
target_include_directories(dmamap_fuzz_all PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_options(dmamap_fuzz_all PUBLIC ${dmamap_fuzz_flags}
	PRIVATE -fsanitize=fuzzer-no-link)
target_link_libraries(dmamap_fuzz_all PRIVATE dmamap_warnings)

foreach(target layer orders oracle)
	add_executable(dmamap-fuzz-${target} fuzz_${target}.cc)
	target_compile_options(dmamap-fuzz-${target} PRIVATE -fsanitize=fuzzer)
	target_link_options(dmamap-fuzz-${target} PRIVATE -fsanitize=fuzzer,address,undefined)
	target_link_libraries(dmamap-fuzz-${target} PRIVATE dmamap_fuzz_all dmamap_warnings)
endforeach()
