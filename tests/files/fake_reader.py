"""A reader that does what the options say, to try what the parent makes of it. Run as a program."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

scenario = json.loads(Path(sys.argv.pop(1)).read_text()) if sys.argv[1].endswith(".json") else None
task, given, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
options = json.loads(sys.argv[4])
steps = options["do"] if scenario is None else scenario.get(task, [{"say": {"fault": "crash"}}])
if isinstance(steps, dict):
    # By content: {"beginning of the file": [steps], "": [for all others]}
    content = given.read_bytes()
    steps = next(found for start, found in steps.items() if content.startswith(start.encode()))
if scenario is not None:
    with open(scenario["log"], "a") as log:
        log.write(json.dumps([task, options]) + "\n")


def say(**said) -> None:
    print(json.dumps(said), flush=True)


for step in steps:
    match step:
        case {"say": said}:
            say(**said)
        case {"say_long": length}:
            say(text="ä" * length)
        case {"print": text, **more}:
            sys.stdout.write(text * more.get("times", 1))
            sys.stdout.flush()
        case {"sleep": seconds}:
            time.sleep(seconds)
        case {"write": [name, size]}:
            (output / name).write_bytes(b"x" * size)
        case {"webp": name}:
            (output / name).write_bytes(b"RIFF\x04\x00\x00\x00WEBP" + name.encode())
        case {"copy": [name, text]}:
            (output / name).write_text(text)
        case {"link": [name, target]}:
            (output / name).symlink_to(target)
        case {"spawn": marker}:
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            Path(marker).write_text(str(child.pid))
        case {"kill": number}:
            os.kill(os.getpid(), number)
        case {"exit": status}:
            sys.exit(status)
        case "tell":
            say(
                task=task,
                content=given.read_bytes().decode(),
                environment=sorted(os.environ),
                folder=os.getcwd(),
                stdin=sys.stdin.read(),
                leads_its_group=os.getpgid(0) == os.getpid(),
            )
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "fill":
            number = 0
            while True:
                number += 1
                (output / str(number)).write_bytes(b"x" * 100_000)
