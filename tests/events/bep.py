"""Reads a stream of the Build Event Protocol as its consumers do.

    bep.py SOURCES FILE    SOURCES holds the protocol's definition, in `src/main/…` or `main/…`

Each line must parse strictly by the definition, each id that is announced must come later, each
event but the first must have been announced, and the last one must say so. Prints the ids in order.
"""

import importlib
import json
import pathlib
import sys
import tempfile

from google.protobuf import json_format
from grpc_tools import protoc

STREAM = "src/main/java/com/google/devtools/build/lib/buildeventstream/proto/build_event_stream"
# Named by later versions of the definition than the one at hand.
LATER = {
    "started": ["startTime"],
    "finished": ["finishTime"],
    "testResult": ["testAttemptStart", "testAttemptDuration"],
    "testSummary": ["attemptCount", "firstStartTime", "lastStopTime", "totalRunDuration"],
}


def definition(sources, folder):
    """The module that protoc makes of the definition in a folder."""
    if not pathlib.Path(sources, "src").exists():
        # Unpacked without its first folder.
        pathlib.Path(folder, "src").symlink_to(pathlib.Path(sources).resolve())
        sources = folder
    common = pathlib.Path(sources, "src/main/protobuf")
    names = ["command_line", "failure_details", "invocation_policy", "option_filters"]
    files = [f"{sources}/{STREAM}.proto"] + [f"{common}/{name}.proto" for name in names]
    own = pathlib.Path(protoc.__file__).parent / "_proto"
    out = pathlib.Path(folder, "out")
    out.mkdir()
    arguments = ["", f"--proto_path={sources}", f"--proto_path={own}", f"--python_out={out}"]
    if protoc.main(arguments + files) != 0:
        sys.exit("the definition does not compile")
    sys.path.insert(0, str(out))
    return importlib.import_module(STREAM.replace("/", ".") + "_pb2")


def older(event):
    """The event without what the definition does not know yet; nothing if that is all of it."""
    if "targetSummary" in event["id"]:
        return None
    event = json.loads(json.dumps(event))
    children = [child for child in event.get("children", []) if "targetSummary" not in child]
    event["children"] = children
    for payload, names in LATER.items():
        for name in names:
            event.get(payload, {}).pop(name, None)
    return event


def main():
    with tempfile.TemporaryDirectory() as folder:
        stream = definition(sys.argv[1], folder)
    announced = {}
    given = set()
    with open(sys.argv[2]) as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        event = json.loads(line)
        name = json.dumps(event["id"], sort_keys=True)
        print(name, sorted(set(event) - {"id", "children", "lastMessage"})[0])
        if name in given:
            print(f"{number}: {name} comes twice")
        if number > 1 and name not in announced:
            print(f"{number}: {name} was not announced")
        given.add(name)
        for child in event.get("children", []):
            child = json.dumps(child, sort_keys=True)
            if child in announced or child in given:
                print(f"{number}: {child} is announced twice, or too late")
            announced[child] = number
        if event.get("lastMessage", False) != (number == len(lines)):
            print(f"{number}: lastMessage stands in the wrong line")
        known = older(event)
        if known is not None:
            try:
                json_format.Parse(json.dumps(known), stream.BuildEvent())
            except json_format.ParseError as error:
                print(f"{number}: {error}: {line[:300]}")
    for child in sorted(set(announced) - given):
        print(f"{child}, announced in line {announced[child]}, does not come")


main()
