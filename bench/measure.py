"""What the benchmarks share: the tools, how a command is timed, and the table of medians.

Every round runs every scenario with every tool, so that a drift of the machine's speed hits all
tools alike. A command that fails ends the benchmark: no figure stands for something that did not
happen.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ.get("ENG_BENCH_WORK", HERE.parent / "target/bench"))
WIDTH = len(os.sched_getaffinity(0))


class Tool:
    """A command that brings a tree up to date, and how its traces are removed."""

    def __init__(self, name, tree, command, traces, beside=(), env=()):
        self.name, self.tree, self.command = name, Path(tree), list(command)
        self.traces, self.beside, self.env = traces, list(beside), dict(env)

    def delete_outputs(self):
        for pattern in self.traces:
            for path in self.tree.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def clean(self):
        self.delete_outputs()
        for path in self.beside:
            shutil.rmtree(path, ignore_errors=True)


def arguments(text, rounds=5, **numbers):
    """The command line: the rounds, and flags for other numbers."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=rounds)
    for name, default in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    return parser.parse_args()


def work(name):
    """An empty folder to work in."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def eng_binary():
    """The binary that ENG names, else the release form of this checkout, built for it."""
    named = os.environ.get("ENG")
    if named:
        return Path(named).resolve()
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=HERE.parent, check=True)
    return HERE.parent / "target/release/eng"


def eng(binary, tree, *arguments, name="eng"):
    """eng with a store of its own beside the tree."""
    own = Path(f"{tree}.eng")
    env = {"XDG_CACHE_HOME": str(own / "cache"), "XDG_STATE_HOME": str(own / "state")}
    return Tool(name, tree, [binary, *arguments], ["eng-out"], [own], env)


def ninja(tree):
    """ninja from PATH, or from the folder that NINJA_DIR names."""
    folder = os.environ.get("NINJA_DIR")
    program = Path(folder) / "ninja" if folder else shutil.which("ninja")
    if not program:
        raise SystemExit("no ninja on PATH; name its folder with NINJA_DIR")
    return Tool("ninja", tree, [program, f"-j{WIDTH}", "--quiet"], ["out", ".ninja_*"])


def peers(folder):
    """The tools that read ninja's files and are there, each with a tree of its own below the folder;
    ninja itself must be."""
    tools = [ninja(folder / "ninja")]
    for name, arguments in (("n2", ["-j", str(WIDTH)]), ("samu", [f"-j{WIDTH}"])):
        program = shutil.which(name)
        if program:
            tools.append(Tool(name, folder / name, [program, *arguments], ["out", ".ninja_*", ".n2_db"]))
    return tools


def generate(tree, *more, workload="suite"):
    """Writes a tree with the generator beside the project, or in the folder ENG_BENCH names."""
    folder = Path(os.environ.get("ENG_BENCH", HERE.parent / "../shared/bench"))
    generator = folder / "gen.py"
    if not generator.exists():
        raise SystemExit(f"no generator in {folder}; name its folder with ENG_BENCH")
    subprocess.run([sys.executable, generator, workload, tree, *map(str, more)], check=True)


def edited(which, how):
    """A scenario: a file that the generator names for it is touched, gets a comment, or is changed so
    that what is made of it changes."""
    def prepare(tool):
        place = json.loads((tool.tree / "bench.json").read_text())["edits"][which]
        file = tool.tree / place["path"]
        stamp = time.time_ns()
        if how == "touch":
            os.utime(file)
        elif how == "comment":
            file.write_text(f"{file.read_text()}/* edit {stamp} */\n")
        elif "macro" in place:
            pattern = rf"(#define {place['macro']}) \d+"
            text, count = re.subn(pattern, rf"\1 {stamp % 1000000007}", file.read_text())
            if count != 1:
                raise SystemExit(f"{file} does not define {place['macro']} once")
            file.write_text(text)
        else:
            file.write_text(f"{file.read_text()}edit {stamp}\n")
    return prepare


def comment(path):
    """A scenario: a comment in a file of the tree."""
    def edit(tool):
        file = tool.tree / path
        file.write_text(f"{file.read_text()}/* edit {time.time_ns()} */\n")
    return edit


def timed(tool, log):
    """Runs the tool's command; wall and CPU seconds."""
    env = {**os.environ, **tool.env}
    os.sync()
    here = os.getcwd()
    os.chdir(tool.tree)
    command = [str(word) for word in tool.command]
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
               (os.POSIX_SPAWN_DUP2, 1, 2)]
    began = time.monotonic()
    process = os.posix_spawnp(command[0], command, env, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    wall = time.monotonic() - began
    os.chdir(here)
    if status != 0:
        raise SystemExit(f"{tool.name}: {' '.join(command)} in {tool.tree} failed; see {log}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024}


def measure(folder, tools, scenarios, rounds):
    """Times all scenarios (name: what to do before) with all tools, in turn; the records."""
    runs = []
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    for number in range(rounds):
        for tool in tools:
            for scenario, prepare in scenarios.items():
                prepare(tool)
                run = timed(tool, logs / f"{tool.name}-{scenario}.log")
                run |= {"tool": tool.name, "scenario": scenario, "round": number}
                runs.append(run)
                with open(folder / "runs.jsonl", "a") as out:
                    out.write(json.dumps(run) + "\n")
                print(f"{tool.name:16}{scenario:20}{run['wall']:9.3f} s  cpu {run['cpu']:8.3f}",
                      flush=True)
    return runs


def middle(runs, tool, scenario, what):
    return median(run[what] for run in runs if (run["tool"], run["scenario"]) == (tool, scenario))


def table(runs, whats=("wall", "cpu")):
    """Medians of each tool, and the first one's share of each other's. `rss` is the peak in MiB of the
    largest process: of a build with compilers that is one of them."""
    tools = list(dict.fromkeys(run["tool"] for run in runs))
    scenarios = list(dict.fromkeys(run["scenario"] for run in runs))
    for what in whats:
        heads = [f"{tool} {what}" for tool in tools] + [f"/ {tool}" for tool in tools[1:]]
        print(f"\n{'scenario':20}" + "".join(f"{head:>18}" for head in heads))
        for scenario in scenarios:
            values = [middle(runs, tool, scenario, what) for tool in tools]
            cells = [f"{value:18.3f}" for value in values]
            cells += [f"{values[0] / value:18.2f}" for value in values[1:]]
            print(f"{scenario:20}" + "".join(cells))


def nothing(tool):
    """A scenario: nothing has changed."""


CLEAN_NOOP = {"clean": Tool.clean, "no-op": nothing}
