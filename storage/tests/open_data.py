"""Reads blocks with pyarrow alone and prints each row's labels and samples as JSON.

The expression that turns a row into samples is the one that storage/FORMAT.md documents.
"""

import itertools
import json
import struct
import sys

import pyarrow.parquet as pq


def values(row):
    if row["floats"] is not None:
        return row["floats"]
    if row["steps"] is not None:
        offsets = itertools.accumulate(row["steps"])
    else:
        offsets = row["gauges"] if row["gauges"] is not None else row["wide"]
    return [(row["base"] + x) / 10.0 ** row["exponent"] for x in offsets]


for name in sys.argv[1:]:
    for row in pq.read_table(name).to_pylist():
        start = round(row["min_time"].timestamp() * 1000)
        samples = [
            [start + t, struct.pack(">d", v).hex()] for t, v in zip(row["times"], values(row))
        ]
        labels = dict(row["labels"])
        if row["metric"]:
            labels["__name__"] = row["metric"]
        print(json.dumps({"tenant": row["tenant"], "labels": labels, "samples": samples}))
