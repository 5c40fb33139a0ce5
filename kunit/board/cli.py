#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Builds, boots and tests the boards; the Makefile calls it."""

import argparse
import sys
from pathlib import Path

import check
import suites
from base import boards, clean, workspace
from base.paths import Stop, locked, say
from base.score import Score
from build import compile_commands, kernel, programs, random_configs
from host import bench, coverage, fuzz, judge
from report import figures, main_job, messages, xray
from run import fabric


def _boards(args):
    """The rows that a command means, as they boot its configuration and setup."""
    return [boards.varied(board, args.config, args.setup)
            for board in boards.find_all(args.board[0])]


def do_kernel(args):
    """Build kernels; with --keep-going say of each how it ended."""
    bad = 0
    for name in args.board:
        which, strategy, config = kernel.named(name, args.config)
        for board in boards.find_all(which):
            bad += not _one_kernel(name.replace(which, board.name), board,
                                   strategy or args.strategy, config, args)
    return bad == 0


def _one_kernel(name, board, strategy, config, args):
    try:
        with locked("kernel"):
            image = kernel.build(board, strategy, config)
            if args.copy_to:
                programs.copy_kernel(board, Path(args.copy_to), strategy, config)
    except Stop as error:
        if not args.keep_going:
            raise
        say(str(error))
        say(f"kernel {name}: failed")
        return False
    say(f"kernel {name}: done" if args.keep_going else f"  {name}: {image}")
    return True


def do_randconfig(args):
    """The layer, compiled against kernels that are configured at random."""
    seed = fabric.number("SEED", args.seed, random_configs.MOST)
    count = fabric.number("N", args.count, random_configs.MOST)
    total = Score()
    for board in boards.find_all(args.board[0]):
        total.add(random_configs.run(board, seed, count))
    for failure in total.failures:
        say(f"FAILED {failure}")
    say(f"{total}; {count} configurations of each board, from SEED={seed} on")
    return not total.failures


def do_menuconfig(args):
    kernel.menuconfig(boards.find(args.board[0]), args.strategy, args.config)
    return True


def do_host(_args):
    say(f"  host: {programs.build('host')}/bin")
    return True


def do_user(args):
    for board in boards.find_all(args.board[0]):
        say(f"  {board.name}: {programs.build(board.name)}/bin")
    return True


def do_run(args):
    """The main job on each board, then one table."""
    boots = []
    with workspace.Workspace() as place:
        for board in _boards(args):
            bundle = programs.prepare(board, place, args.strategy, args.config)
            say(f"  {board.name}: booting")
            boots.append(suites.run_job(board, bundle))
    say()
    main_job.table(boots)
    return all(boot.ok() for boot in boots)


def _on_boards(args, suite):
    """One suite on each board, with its counts."""
    total = Score()
    with workspace.Workspace() as place:
        for board in _boards(args):
            bundle = programs.prepare(board, place, args.strategy, args.config)
            total.add(suite(board, bundle))
    for failure in total.failures:
        say(f"FAILED {failure}")
    say(str(total))
    return not total.failures


def do_kunit(args):
    return _on_boards(args, lambda board, bundle: suites.kunit(
        board, bundle, args.filter, show=True))


def do_test(args):
    return _on_boards(args, lambda board, bundle: suites.board_tests(
        board, bundle, args.filter))


def do_xray(args):
    """What translates coherent memory: stock's and the layer's, and the lists."""
    return _on_boards(args, lambda board, bundle: xray.score(
        board, bundle, show=True))


def do_fabric(args):
    """All boards on one fabric, every pair talking both ways."""
    with workspace.Workspace() as place:
        bundles = [programs.prepare(board, place, None, args.config)
                   for board in boards.find_all("all")]
        return fabric.run(bundles, place, args.messages or str(suites.FABRIC),
                          args.faults)


def do_stress(args):
    """Many messages between processes of a board, each of which is checked."""
    count = fabric.number("MESSAGES", args.messages or str(suites.MANY), fabric.MOST)
    return _on_boards(args, lambda board, bundle: suites.stress(
        board, bundle, count))


def do_figures(args):
    """What layer and messages cost, in instructions, beside the kernel's own."""
    found = []
    with workspace.Workspace() as place:
        for board in _boards(args):
            bundle = programs.prepare(board, place, args.strategy, args.config)
            for kind in (figures, messages):
                found.append(kind.measure(board, bundle))
                kind.table(found[-1])
    if args.json:
        figures.write_json(args.json, found)
    return all(good for one in found for good, _ in one.verdicts())


def do_check(args):
    if args.strategy:
        raise Stop("make check takes each board with its default strategy; "
                   "use make kunit BOARD=... STRATEGY=...")
    return check.run(args.config)


def do_quick(args):
    """Host tests, and KUnit and the short programs of one board."""
    board = boards.varied(boards.find(args.board[0]), args.config, args.setup)
    return check.quick(board, args.strategy, args.config)


def do_prove(args):
    """All that strategies and machines can do together."""
    return judge.prove(args.part, args.strategy, args.profile)


def do_soak(args):
    """Walks through it at random."""
    return judge.soak(args.steps, args.seed, args.strategy, args.profile)


def do_murphi(args):
    """The same orders by models in another language."""
    return judge.murphi(args.filter)


def do_bench(_args):
    """What it costs to find a region, with one of them and with a million."""
    return bench.run()


def do_fuzz(args):
    """Inputs that libFuzzer makes up, for the layer and for its judge."""
    return fuzz.run(args.target, args.seconds)


def do_coverage(_args):
    """Which branches of the layer the host tests take."""
    return coverage.run()


def do_compile_commands(args):
    board = boards.find(args.board[0])
    compile_commands.merge(kernel.build_folder(board, args.config, args.strategy),
                           programs.folder("host"))
    return True


def do_clean(_args):
    """Remove what was built; source and compiler cache stay."""
    clean.clean()
    return True


def do_distclean(_args):
    """Remove all that was made in the cache folder, and the folder."""
    clean.distclean()
    return True


def parser():
    found = argparse.ArgumentParser(
        description=__doc__, epilog="Through make: make help")
    found.add_argument("command", choices=sorted(
        name.removeprefix("do_").replace("_", "-")
        for name in globals() if name.startswith("do_")))
    found.add_argument("--board", action="append", metavar="NAME",
                       help=f"{', '.join(boards.BOARDS)} or all; "
                       "kernel: BOARD[/STRATEGY][:CONFIG]")
    found.add_argument("--strategy", help="how frames change to coherent use")
    found.add_argument("--config", default="default",
                       help=f"{', '.join(kernel.configs())}")
    found.add_argument("--setup", help="how a configuration boots where there are "
                       "several ways; see setups in arch/*/board/board.py")
    found.add_argument("--filter", help="kunit: glob suite.test; "
                       "test: regular expression of program names")
    found.add_argument("--part", default="full",
                       help="prove: quick, check or full")
    found.add_argument("--profile", help=f"prove, soak: {', '.join(boards.BOARDS)} or "
                       "worst; NAME-snooped for strategy snooped")
    found.add_argument("--steps", default="1000000000",
                       help="soak: how many moves to make")
    found.add_argument("--seed", default="1", help="soak: of the first walk; "
                       "randconfig: of the first configuration")
    found.add_argument("--count", default="20",
                       help="randconfig: how many, each with the next seed")
    found.add_argument("--target", default="all",
                       help=f"fuzz: {', '.join(fuzz.TARGETS)} or all")
    found.add_argument("--seconds", default="60",
                       help="fuzz: how long, for each target")
    found.add_argument("--messages",
                       help="fabric: how many each board sends to each other "
                       f"(default {suites.FABRIC}); stress: how many in all "
                       f"(default {suites.MANY})")
    found.add_argument("--faults", default="0",
                       help="fabric: frames of a thousand that are lost, that "
                       "are damaged, and that come twice")
    found.add_argument("--json", metavar="FILE",
                       help="figures: write them there, too")
    found.add_argument("--keep-going", action="store_true",
                       help="kernel: go on with the next board")
    found.add_argument("--copy-to", metavar="FOLDER",
                       help="kernel: leave a copy there, which no other build changes")
    return found


def main():
    args = parser().parse_args()
    args.board = args.board or [next(iter(boards.BOARDS))]
    workspace.on_signals()
    try:
        good = globals()[f"do_{args.command.replace('-', '_')}"](args)
    except Stop as error:
        print(f"dmamap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndmamap: interrupted; nothing is left running",
              file=sys.stderr)
        return 130
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
