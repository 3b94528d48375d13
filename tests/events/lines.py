"""Checks that each line of a file fits a schema, with no field that the schema does not name.

    lines.py SCHEMA FILE    prints how many lines there are, and what is wrong
"""

import json
import sys

from jsonschema import Draft202012Validator


def close(part, top=True):
    """Allows no other fields than those that are named."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part and not top:
            part["additionalProperties"] = False
        for inner in part.values():
            close(inner, False)
    elif isinstance(part, list):
        for inner in part:
            close(inner, False)


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    close(schema)
    definitions = schema["$defs"]
    validators = {}
    count = 0
    with open(sys.argv[2]) as file:
        for count, line in enumerate(file, 1):
            told = json.loads(line)
            kind = told["ev"]
            if kind not in validators:
                own = {**definitions[kind], "$defs": definitions}
                validators[kind] = Draft202012Validator(own), Draft202012Validator(schema)
            for validator in validators[kind]:
                for error in validator.iter_errors(told):
                    print(f"{count}: {kind}: {error.message[:300]}")
    print(f"{count} lines")


main()
