"""call_wrapper.py CALLS: the same check in Python: jsonschema around a function. Prints ns a call."""

import json
import sys
import time

import jsonschema

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
        "currency": {"enum": ["EUR", "USD"]},
        "note": {"type": "string", "maxLength": 80},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def transfer(amount, currency, note=""):
    return True


def call(text):
    parameters = json.loads(text)
    VALIDATOR.validate(parameters)
    return json.dumps(transfer(**parameters))


def main():
    count = int(sys.argv[1])
    text = '{"amount": 99.5, "currency": "USD", "note": "rent"}'
    best = None
    for _ in range(5):
        start = time.perf_counter_ns()
        for _ in range(count):
            call(text)
        spent = (time.perf_counter_ns() - start) / count
        best = spent if best is None else min(best, spent)
    print(best)


main()
