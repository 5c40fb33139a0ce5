# SPDX-License-Identifier: GPL-2.0
"""The kernel of a board: unpack, attach the layer, configure, build."""

import hashlib
import os
import re
import shutil
import subprocess

from base import boards, logs, progress
from base.paths import (BOARD_DIR, CACHE, HELD, REPO, Stop, environment, jobs,
                        locked, say, write_if_changed)
from build import compile_commands

PACKAGE = "linux-source-6.12"
TARBALL = f"/usr/src/{PACKAGE}.tar.xz"
TREE = CACHE / PACKAGE
STEP = re.compile(r"^\s+(?:CC|CXX|AS|HOSTCC|LD|AR|OBJCOPY)\s+(?:\[M\]\s+)?(\S+)")
STAMP = ".dmamap-configured"
OWNER = ".dmamap-owner"
MODULE = re.compile(r"^CONFIG_\w+=m$", re.MULTILINE)
SETTING = re.compile(r"^(CONFIG_\w+)=(.*)$")


def build_folder(board, config="default", strategy=None):
    suffix = "" if strategy in (None, board.strategies[0]) else f"-{strategy}"
    suffix += "" if config == "default" else f"-{config}"
    return CACHE / "build" / (board.name + suffix)


def named(name, config="default"):
    """(name, strategy, configuration) of BOARD[/STRATEGY][:CONFIG]."""
    name, _, own = name.partition(":")
    name, _, strategy = name.partition("/")
    return name, strategy or None, own or config


def image(board, config="default", strategy=None):
    return build_folder(board, config, strategy) / board.image


def configs():
    """Values of CONFIG=: default, and NAME of each fragment with-NAME.config."""
    places = [BOARD_DIR, *map(boards.folder, boards.BOARDS)]
    return ["default", *sorted({p.stem.removeprefix("with-") for place in places
                                for p in place.glob("with-*.config")})]


def build(board, strategy=None, config="default"):
    """Bring the kernel of a board up to date; returns its image.

    The caller holds the kernel lock.
    """
    prepare(board, strategy, config)
    folder = build_folder(board, config, strategy)
    progress.run(make(board, folder, board.target, *_module_target(folder)),
                 logs.place() / f"kernel-{folder.name}.log", f"{folder.name} kernel",
                 STEP)
    compile_commands.of_kernel(folder, TREE)
    return image(board, config, strategy)


def _module_target(folder):
    return ["modules"] if MODULE.search((folder / ".config").read_text()) else []


def modules(board, strategy=None, config="default"):
    """Files of what the configuration makes a module, and the board loads."""
    folder = build_folder(board, config, strategy)
    if not _module_target(folder):
        return []
    listed = (folder / "modules.order").read_text().split()
    return [(folder / name).with_suffix(".ko") for name in listed]


def prepare(board, strategy=None, config="default"):
    """Everything before make: source, layer, configuration."""
    strategy = boards.strategy_of(board, strategy)
    if config not in configs():
        raise Stop(f"unknown CONFIG={config}; valid: {', '.join(configs())}")
    unpack()
    seed(board, build_folder(board, config, strategy))
    attach(build_folder(board, config, strategy))
    configure(board, strategy, config)


def make(board, folder, *arguments):
    """The make command of a board's kernel; the same bytes from any checkout."""
    return ["make", "-C", str(TREE), f"O={folder}", f"-j{jobs()}",
            f"ARCH={board.arch}", f"CROSS_COMPILE={board.cross}",
            f"CC=ccache {board.cross}gcc",
            f"DMAMAP_CXX=ccache {board.cross}g++",
            "KBUILD_BUILD_TIMESTAMP=1970-01-01", "KBUILD_BUILD_VERSION=1",
            "KBUILD_BUILD_USER=dmamap", "KBUILD_BUILD_HOST=dmamap", *arguments]


def unpack():
    """Unpack Debian's source when it is missing or its package changed."""
    query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", PACKAGE],
                           capture_output=True, text=True, check=False)
    if query.returncode or not query.stdout:
        raise Stop(f"the package {PACKAGE} is not installed; run: make deps")
    version = query.stdout
    stamp = CACHE / f"{PACKAGE}.version"
    if TREE.is_dir() and stamp.exists() and stamp.read_text().strip() == version:
        return
    say(f"  kernel source: unpacking {PACKAGE} {version}, about a minute")
    new = CACHE / "unpack"
    for old in (new, TREE, CACHE / "build"):    # objects of another source
        shutil.rmtree(old, ignore_errors=True)
    stamp.unlink(missing_ok=True)
    new.mkdir()
    done = subprocess.run(["tar", "-xJf", TARBALL, "-C", str(new)],
                          capture_output=True, text=True, check=False,
                          pass_fds=HELD)
    if done.returncode:
        raise Stop(f"can't unpack {TARBALL}: {done.stderr.strip()[-300:]}")
    (new / PACKAGE).rename(TREE)
    new.rmdir()
    stamp.write_text(version + "\n")


def seed(board, folder):
    """Begin with a copy of the board's default build, if there is one.

    make then builds what the other configuration changes. A compiler cache
    alone would have to see every file preprocessed to know it again.
    """
    origin = build_folder(board)
    if folder.exists() or not (origin / STAMP).exists():
        return
    copy = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(origin, copy, symlinks=True,
                    ignore=shutil.ignore_patterns(STAMP))
    for file in (copy / "tools").rglob(".*.cmd"):
        _move_command(file, origin, folder)
    copy.rename(folder)


def _move_command(file, origin, folder):
    """The kernel's tools were built by full path, and are again if it changes."""
    times = file.stat()
    text = file.read_text().replace(f"{origin}/", f"{folder}/")
    file.write_text(text)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def attach(folder):
    """Join this checkout; objects that another one left here are stale."""
    done = subprocess.run([str(BOARD_DIR / "build" / "attach.sh"), "attach", str(TREE)],
                          env=environment(), capture_output=True, text=True,
                          check=False, pass_fds=HELD)
    if done.returncode:
        raise Stop(done.stderr.strip())
    if not is_of_this_checkout(folder):
        shutil.rmtree(folder / "drivers" / "dmamap", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / OWNER).write_text(str(REPO))


def is_of_this_checkout(folder):
    """Whether the layer in a build folder is that of this checkout."""
    owner = folder / OWNER
    return owner.exists() and owner.read_text() == str(REPO)


def fragment(board, strategy, config):
    """The settings that a board's configuration must have, as text."""
    own = boards.folder(board.name)
    files = [BOARD_DIR / "common.config", own / "board.config"]
    if config != "default":
        files += [place / f"with-{config}.config" for place in (BOARD_DIR, own)]
    parts = [file.read_text() for file in files if file.exists()]
    return "".join(parts) + f"CONFIG_DMAMAP_STRATEGY_{strategy.upper()}=y\n"


def configure(board, strategy, config):
    """Write .config when something that decides it has changed."""
    folder = build_folder(board, config, strategy)
    wanted = fragment(board, strategy, config)
    kconfigs = [p.read_bytes() for p in sorted(REPO.glob("**/Kconfig*"))]
    state = hashlib.sha256(b"\0".join([wanted.encode(), *kconfigs])).hexdigest()
    stamp = folder / STAMP
    seen = stamp.read_text().split() if stamp.exists() else ["", ""]
    if seen[0] == state and (folder / ".config").exists():
        if seen[1] != digest(folder / ".config"):
            say(f"  {folder.name} kernel: keeps what menuconfig changed "
                "(make clean forgets it)")
        return
    stamp.unlink(missing_ok=True)
    source = folder / ".dmamap-fragment"
    write_if_changed(source, wanted.encode())
    _allnoconfig(board, folder, source)
    check(wanted, folder / ".config")
    stamp.write_text(f"{state} {digest(folder / '.config')}\n")


def _allnoconfig(board, folder, source):
    log = logs.place() / f"config-{folder.name}.log"
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(
            make(board, folder, "allnoconfig"), stdin=subprocess.DEVNULL,
            env=environment(KCONFIG_ALLCONFIG=str(source)), stdout=file,
            stderr=subprocess.STDOUT, check=False, pass_fds=HELD)
    if done.returncode:
        raise Stop(progress.explain(log, f"{folder.name} configuration"))


def settings(text):
    """{symbol: value} of the lines CONFIG_X=value."""
    found = (SETTING.match(line.strip()) for line in text.splitlines())
    return {m.group(1): m.group(2) for m in found if m}


def check(wanted, config):
    """Stop when Kconfig silently dropped or changed a setting."""
    have = settings(config.read_text())
    wrong = [f"{name}={value} became {have.get(name, 'n')}"
             for name, value in settings(wanted).items()
             if have.get(name, "n") != value]
    if wrong:
        raise Stop("Kconfig did not take every setting of the fragments in "
                   "kunit/board and arch/*/board (a dependency is missing, or "
                   "the symbol does not exist):\n    " + "\n    ".join(wrong))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def menuconfig(board, strategy, config):
    """Edit the board's configuration by hand."""
    with locked("kernel"):
        prepare(board, strategy, config)
        folder = build_folder(board, config, strategy)
        done = subprocess.run(make(board, folder, "menuconfig"),
                              env=environment(), check=False, pass_fds=HELD)
    if done.returncode:
        raise Stop("menuconfig failed; it needs a terminal")
