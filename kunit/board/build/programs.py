# SPDX-License-Identifier: GPL-2.0
"""User-space builds through CMake and Ninja, and what boards boot of them."""

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from base import boards, logs, progress
from base.paths import CACHE, HELD, REPO, Stop, environment, locked
from build import initramfs, kernel

STEP = re.compile(r"^\[\d+/\d+\] (.*)$")
SOURCE_OF = re.compile(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", re.MULTILINE)
INIT = "board-init"
MODEL = "hca-model"
TOOLS = ("hca-hello", "hca-fabric", "hca-info", "hca-pingpong", "hca-bw",
         "hca-stress", "hca-figures")
COVERAGE_CLANG = 19         # Debian 12 and 13 have it
FUZZ_CLANG = COVERAGE_CLANG
COVERAGE_FLAGS = "-fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc"


# Kernels that check all they do: KASAN and lockdep on an emulated CPU.
SLOWER = {"debug": 5}


@dataclass(frozen=True)
class Bundle:
    """What a boot needs, copied away from builds that may go on."""
    kernel: Path
    initramfs: Path
    model: Path
    tests: tuple
    strategy: str = None    # of the kernel; None: the board's default
    config: str = "default" # of the kernel
    slower: int = 1         # so many times as long may all take


def folder(name):
    """A build of this checkout: another one must not test what this has built."""
    key = hashlib.sha256(str(REPO).encode()).hexdigest()[:8]
    return CACHE / "user" / f"checkout-{key}" / name


def build(name, *targets):
    """Bring the host's or a board's programs up to date: all, or only some."""
    with locked("user"):
        return _build(name, *targets)


def _build(name, *targets):
    """The same; caller holds the lock of user builds."""
    if not (REPO / "CMakeLists.txt").exists():
        raise Stop("there is no CMakeLists.txt in this checkout")
    where = folder(name)
    _configure(name, where)
    progress.run(["ninja", "-C", str(where), *targets],
                 logs.place() / f"user-{name}.log", f"{name} programs", STEP, "steps")
    return where


def _compiler(name):
    """CMake's options: what the build is for, and its compiler."""
    if name == "host":
        return ["-DDMAMAP_BOARD=host"]
    if name == "bench":                 # over the XArray of the kernel's source
        return ["-DDMAMAP_BOARD=host", f"-DDMAMAP_KERNEL_SOURCE={kernel.TREE}"]
    if name == "coverage":              # the host's programs, counting
        return ["-DDMAMAP_BOARD=host",
                f"-DCMAKE_C_COMPILER=clang-{COVERAGE_CLANG}",
                f"-DCMAKE_CXX_COMPILER=clang++-{COVERAGE_CLANG}",
                f"-DCMAKE_CXX_FLAGS={COVERAGE_FLAGS}"]
    if name == "fuzz":                  # libFuzzer's targets
        return ["-DDMAMAP_BOARD=host", "-DDMAMAP_FUZZ=ON",
                f"-DCMAKE_C_COMPILER=clang-{FUZZ_CLANG}",
                f"-DCMAKE_CXX_COMPILER=clang++-{FUZZ_CLANG}"]
    board = boards.find(name)
    return [f"-DDMAMAP_BOARD={name}", "-DCMAKE_SYSTEM_NAME=Linux",
            f"-DCMAKE_SYSTEM_PROCESSOR={board.arch}",
            f"-DCMAKE_C_COMPILER={board.cross}gcc",
            f"-DCMAKE_CXX_COMPILER={board.cross}g++"]


def _configure(name, where):
    """Run CMake once; Ninja runs it again when it must."""
    memory = where / "CMakeCache.txt"
    if memory.exists():
        source = SOURCE_OF.search(memory.read_text())
        if source and source.group(1) == str(REPO) \
                and (where / "build.ninja").exists():
            return
        shutil.rmtree(where)            # of another checkout, or half done
    log = logs.place() / f"cmake-{name}.log"
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(
            ["cmake", "-S", str(REPO), "-B", str(where), "-G", "Ninja",
             "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
             "-DCMAKE_C_COMPILER_LAUNCHER=ccache",
             "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", *_compiler(name)],
            env=environment(), stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, check=False, pass_fds=HELD)
    if done.returncode:
        raise Stop(progress.explain(log, f"cmake for {name}"))


def _board_programs(where):
    """{path on the board: file}: the tools and every test program."""
    found = {f"tests/{file.name}": file
             for file in sorted((where / "bin").glob("*_test"))}
    found.update({f"bin/{name}": where / "bin" / name for name in TOOLS
                  if (where / "bin" / name).exists()})
    return found


def _pack(board, modules, archive):
    """Write the board's initramfs; returns the names of its tests."""
    where = folder(board.name)
    init = where / "bin" / INIT
    if not init.exists():
        raise Stop(f"{init} is missing; the top CMakeLists.txt must add "
                   "kunit/board/guest")
    programs = _board_programs(where)
    programs.update({f"modules/{file.name}": file for file in modules})
    archive.write_bytes(initramfs.pack(init, programs))
    return tuple(Path(name).name for name in sorted(programs)
                 if name.startswith("tests/"))


def prepare(board, place, strategy=None, config="default"):
    """Build all that a board needs and copy it to place; returns the Bundle."""
    with locked("kernel"):
        kernel.build(board, strategy, config)
        image = copy_kernel(board, place, strategy, config)
    return with_programs(board, place, image, strategy, config)


def image_in(place, board, strategy=None, config="default"):
    """Where the copy of a kernel is."""
    return place / f"{kernel.build_folder(board, config, strategy).name}-kernel"


def copy_kernel(board, place, strategy=None, config="default"):
    """The kernel's image in place, and its modules beside it.

    Caller has held the lock of kernel builds since it built this one.
    """
    folder_of = kernel.build_folder(board, config, strategy)
    if not kernel.is_of_this_checkout(folder_of):
        raise Stop(f"the kernel in {folder_of} is of another checkout")
    image = image_in(place, board, strategy, config)
    shutil.copyfile(kernel.image(board, config, strategy), image)
    _modules_of(image).mkdir(exist_ok=True)
    for file in kernel.modules(board, strategy, config):
        shutil.copy2(file, _modules_of(image))
    return image


def _modules_of(image):
    return image.with_name(f"{image.name}-modules")


def with_programs(board, place, image, strategy=None, config="default"):
    """The rest of the Bundle, once the kernel is there."""
    archive = image.with_name(f"{image.name}.cpio.gz")
    model = archive.with_name(f"{image.name}-{MODEL}")
    with locked("user"):        # until all is copied that others may build anew
        _build("host", MODEL)   # a run doesn't wait for the host's tests
        _build(board.name)
        tests = _pack(board, sorted(_modules_of(image).glob("*.ko")), archive)
        built = folder("host") / "bin" / MODEL
        if built.exists():
            shutil.copy2(built, model)
    return Bundle(kernel=image, initramfs=archive, tests=tests,
                  model=model if model.exists() else None,
                  strategy=strategy, config=config,
                  slower=SLOWER.get(config, 1))
