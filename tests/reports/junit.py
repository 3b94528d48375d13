"""Prints what a JUnit file tells, as a reader that others wrote understands it.

    junit.py FILE    a line for each suite, and below it one for each case
"""

import sys

from junitparser import JUnitXml, TestSuite

file = JUnitXml.fromfile(sys.argv[1])
counts = f"{file.tests} tests, {file.failures} failures, {file.errors} errors"
print(f"{file.name}: {counts}")
for suite in file:
    if not isinstance(suite, TestSuite):
        sys.exit(f"{suite!r} is no suite")
    assert suite.timestamp and suite.hostname and float(suite.time) >= 0
    properties = [f" {it.name}={it.value}" for it in suite.properties()]
    counts = f"{suite.tests} tests, {suite.failures} failures, {suite.errors} errors, {suite.skipped} skipped"
    print(f"{suite.name}: {counts}{''.join(properties)}")
    for case in suite:
        print(f"  {case.classname} | {case.name}")
        for child in case._elem:
            if child.tag == "properties":
                for it in child:
                    print(f"    {it.get('name')}={it.get('value')}")
                continue
            about = " ".join(f"{name}={child.get(name)!r}" for name in sorted(child.keys()))
            text = "".join(child.itertext()).strip()
            print(f"    {child.tag} {about} {text!r}")
