#!/usr/bin/env python3
"""What a command measured, kept for docs/PROOF.md: BUILD/evidence/NAME.json, with the command, the date,
the commit and the machine. tools/proof reads it; nobody writes figures by hand.

usage: tools/evidence.py BUILD NAME COMMAND KEY=VALUE...   (for commands that are shell)
"""
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def machine():
    """The processor's name and how many cores are there."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}"


def commit():
    """The commit that was measured; with a + where files differed from it."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def leave(build, name, command, results):
    """Writes BUILD/evidence/NAME.json; `results` is a dictionary."""
    path = Path(build) / "evidence" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    path.write_text(json.dumps({"command": command, "date": now.strftime("%Y-%m-%d"), "commit": commit(),
                                "machine": machine(), "results": results}, indent=1) + "\n")


def main():
    build, name, command, *pairs = sys.argv[1:]
    results = {}
    for pair in pairs:
        key, value = pair.split("=", 1)
        results[key] = int(value) if value.lstrip("-").isdigit() else value
    leave(build, name, command, results)


if __name__ == "__main__":
    main()
