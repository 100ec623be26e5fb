"""Compares two run stores: every dataset but /checkpoints/seconds and every attribute but created, bit by bit.

    compare_stores.py A B      prints each difference; exit code 1 if there is one
"""
import os
import sys

import h5py
import numpy


def runs(store):
    return sorted(
        os.path.relpath(os.path.join(folder, name), store)
        for folder, _, names in os.walk(store)
        for name in names
    )


def contents(path):
    found = {}

    def attributes(name, thing, left_out):
        for key, value in thing.attrs.items():
            if key not in left_out:
                found[name, key] = numpy.asarray(value)

    def visit(name, thing):
        if name == "checkpoints/seconds":
            return
        attributes(name, thing, ())
        if isinstance(thing, h5py.Dataset):
            found[name, None] = thing[()]

    with h5py.File(path, "r") as file:
        # attributes_sha256 is taken over all attributes, created among them.
        attributes("/", file, ("created", "attributes_sha256"))
        file.visititems(visit)
    return found


def equal(a, b):
    a, b = numpy.asarray(a), numpy.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes()


first, second = sys.argv[1:3]
differences = [f"{name}: only in one store" for name in set(runs(first)) ^ set(runs(second))]
for name in sorted(set(runs(first)) & set(runs(second))):
    a, b = contents(os.path.join(first, name)), contents(os.path.join(second, name))
    differences += [f"{name} {key}: only in one file" for key in a.keys() ^ b.keys()]
    differences += [f"{name} {key}: differs" for key in a.keys() & b.keys() if not equal(a[key], b[key])]
print("\n".join(sorted(differences)))
sys.exit(1 if differences or not runs(first) else 0)
