"""Makes run files that are wrong, each named by its fault, from a sealed run with logits.

    bad_runs.py RUN.h5 DIRECTORY
"""
import os
import shutil
import sys

import h5py
import numpy

source, directory = sys.argv[1:3]


def path(fault):
    return os.path.join(directory, fault + ".h5")


def sealed(fault, change):
    """A copy that keeps its digests."""
    shutil.copy(source, path(fault))
    with h5py.File(path(fault), "r+") as file:
        change(file)


def foreign(fault, change):
    """A copy without digests, as others write it."""

    def strip(file):
        del file.attrs["attributes_sha256"]
        file.visititems(lambda _, thing: thing.attrs.pop("sha256", None))
        change(file)

    sealed(fault, strip)


def replace(name, values):
    def change(file):
        del file[name]
        file[name] = values

    return change


def put(name, index, value):
    return lambda file: file[name].__setitem__(index, value)


def attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


with open(source, "rb") as file:
    whole = file.read()
for fault, data in {"truncated": whole[: len(whole) // 2], "empty": b"", "text": b"epoch,loss\n" * 100}.items():
    with open(path(fault), "wb") as file:
        file.write(data)
with h5py.File(path("not-a-run"), "w") as file:
    file["x"] = numpy.arange(3)

with h5py.File(source, "r") as file:
    checkpoints, samples, classes = file["logits"].shape

sealed("future-version", attribute("version", 2))
sealed("damaged-logits", put("logits", (2, 3, 4), 1.0))
sealed("damaged-last-logits", put("logits", (4, 3, 4), 1.0))
sealed("damaged-attribute", attribute("seed", 77))
foreign("no-id", lambda file: file.attrs.__delitem__("id"))
foreign("nan-logits", put("logits", (2, 3, 4), numpy.nan))
foreign("checkpoints-out-of-order", replace("checkpoints/epoch", numpy.array([1.0, 3.0, 2.0, 4.0, 5.0])))
foreign("metric-of-another-length", replace("checkpoints/test_error", numpy.zeros(checkpoints - 1)))
foreign("logits-of-fewer-samples", replace("logits", numpy.zeros((checkpoints, samples - 1, classes), "f4")))
foreign("logits-of-two-dimensions", replace("logits", numpy.zeros((checkpoints, samples), "f4")))
foreign("label-out-of-range", put("samples/label", 7, classes))
foreign("label-as-float", replace("samples/label", numpy.zeros(samples, "f4")))
foreign("error-in-percent", replace("checkpoints/test_error", numpy.array([90.0, 80.0, 70.0, 60.0, 50.0])))


def never_written(file):
    del file["logits"]
    file.create_dataset("logits", (checkpoints, samples, classes), "f4", chunks=(1, 100, classes))


def billions_of_classes(file):
    del file["logits"], file["test"]
    file.attrs["classes"] = 2**62


def label_of_billions(file):
    billions_of_classes(file)
    del file.attrs["classes"]
    file["samples/label"][7] = 2**31 - 1


foreign("chunks-never-written", never_written)
foreign("billions-of-classes", billions_of_classes)
foreign("label-of-billions", label_of_billions)
