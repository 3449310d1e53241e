"""The child process: `python -m simweb.engine` plays one run and speaks JSON lines.

It says `ready`, reads one spec from standard input (a line of JSON, perhaps with the `journal` of the run before), says one
`turn` a turn, and ends with `played` or `failed`. What the model itself prints goes to standard error, so it cannot disturb
the lines.
`python -m simweb.engine answer` reads one question about a run (`{"spec": …, "question": …, "asked": …}`) and says its answer.
Try it by hand:

    echo '{"scenario":"wealth","params":{},"seed":1,"turns":3,"metric_keys":[]}' | python -m simweb.engine
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from simweb.engine import plugins, registry
from simweb.engine.answers import answer
from simweb.engine.chance import fix_hash_seed
from simweb.engine.environment import distributions
from simweb.engine.forkserver import serve
from simweb.engine.journal import Journal
from simweb.engine.ledger import MOST_DECISIONS
from simweb.engine.messages import Message, TooMuchSaid, describe, line_of, messages_of
from simweb.engine.play import Spec
from simweb.engine.processes import adopt_orphans, end_descendants, go_first

NICENESS = 10  # two busy children at nice 0 doubled the latency of pages (reference/technology.md 2a)
DECISIONS_SETTING = "SIMWEB_MAX_DECISIONS"
Say = Callable[[dict[str, Any]], None]


def take_stdout() -> Say:
    """Keep standard output for our lines; from here on `print` and C libraries write to standard error."""
    lines = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr

    def say(message: dict[str, Any]) -> None:
        data = line_of(message)
        while data:
            data = data[os.write(lines, data) :]

    return say


def end_input() -> None:
    """Whoever asks for input from here on gets the end of a file, and does not wait for ever."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)


def play_and_say(spec: Spec, journal: Journal, say: Say) -> bool:
    """Play the spec, saying every message; True when it was played to its end."""
    plugins.make_way(registry.place_of(spec.scenario))
    message: Message = {}
    for message in messages_of(spec, most_decisions(), journal, say):
        try:
            say(message)
        except TooMuchSaid as error:
            turn = message["number" if "number" in message else "turns"]
            say({"type": "failed", "error": {**describe(error, turn), "traceback": ""}})  # none of it is the model's
            return False
    return bool(message["type"] == "played")


def most_decisions() -> int:
    """How many decisions of a run are kept, as the server set it."""
    return int(os.environ.get(DECISIONS_SETTING) or MOST_DECISIONS)


def warm() -> None:
    """Import what a run is likely to need; a plug-in is imported with its run, so that its changes count at once."""
    importlib.import_module("numpy.random")  # NumPy itself imports it only when it is used
    registry.installed()
    distributions()
    for target in registry.BUILT_IN.values():
        importlib.import_module(target.partition(":")[0])


def prepare() -> None:
    """Let every built-in scenario make ready what its runs share."""
    for key in registry.BUILT_IN:
        registry.load(key).prepare()


def play_one() -> int:
    """Wait for a spec, play it; the exit status."""
    say = take_stdout()
    warm()
    say({"type": "ready"})
    line = sys.stdin.readline()
    end_input()
    if not line:
        return 0  # never given a run: the server has no further use for us
    asked = json.loads(line)
    journal = Journal(**asked.pop("journal", {}))
    return 0 if play_and_say(Spec(**asked), journal, say) else 1


def answer_one() -> int:
    """Read a question, play, say the answer as one line of JSON; the exit status."""
    say = take_stdout()
    asked = json.loads(sys.stdin.readline())
    end_input()
    plugins.make_way(registry.place_of(asked["spec"]["scenario"]))
    say(answer(Spec(**asked["spec"]), asked["question"], asked["asked"]))
    return 0


def play_forked() -> NoReturn:
    """Play one run and be gone: to take a forked interpreter apart would cost more than a short run."""
    status = 1
    try:
        status = play_one()
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> int:
    """Play one run by hand; or, given a socket, be the fork server of whoever holds its other end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if len(sys.argv) == 1:
        fix_hash_seed()
        return play_one()
    if sys.argv[1] == "answer":
        fix_hash_seed()
        os.nice(NICENESS)
        go_first()
        adopt_orphans()
        try:
            return answer_one()
        finally:
            end_descendants()
    control = int(sys.argv[1])
    os.nice(NICENESS)
    warm()
    prepare()
    if serve(socket.socket(fileno=control)):
        play_forked()
    return 0


if __name__ == "__main__":
    sys.exit(main())
