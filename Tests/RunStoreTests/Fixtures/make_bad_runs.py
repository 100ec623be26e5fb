"""Writes runs that are wrong in one way each, named by their fault: python3 make_bad_runs.py DIRECTORY"""

import os
import sys

import h5py
import numpy as np

E, N, C = 3, 6, 4


def run(name, **attributes):
    """A good run of E checkpoints, N samples and C classes, to be spoilt."""
    file = h5py.File(os.path.join(sys.argv[1], name + ".h5"), "w")
    file.attrs.update({"format": "assay-run", "version": 1, "id": name, **attributes})
    file["checkpoints/epoch"] = np.arange(1.0, E + 1)
    file["checkpoints/test_error"] = np.linspace(0.9, 0.1, E)
    file["samples/id"] = np.arange(N)
    file["samples/label"] = np.arange(N, dtype=np.int32) % C
    file["logits"] = np.arange(E * N * C, dtype=np.float32).reshape(E, N, C)
    return file


def replace(file, name, values, **options):
    del file[name]
    file.create_dataset(name, data=values, **options)


def write(name, text):
    with open(os.path.join(sys.argv[1], name), "wb") as out:
        out.write(text)


run("good").close()

write("bad-text.h5", b"epoch,test_error\n1,0.5\n" * 100)
write("bad-empty.h5", b"")

run("bad-truncated").close()
path = os.path.join(sys.argv[1], "bad-truncated.h5")
os.truncate(path, os.path.getsize(path) // 2)

with h5py.File(os.path.join(sys.argv[1], "bad-not-a-run.h5"), "w") as f:
    f["data"] = np.zeros(3)
with run("bad-other-format") as f:
    f.attrs["format"] = "keras"
run("bad-future-version", version=2).close()
with run("bad-no-id") as f:
    del f.attrs["id"]
run("bad-seed", seed="one").close()
run("bad-negative-classes", classes=-1).close()

with run("bad-no-epochs") as f:
    del f["checkpoints/epoch"]
with run("bad-nothing-recorded") as f:
    del f["logits"], f["checkpoints/test_error"]
with run("bad-order") as f:
    replace(f, "checkpoints/epoch", [1.0, 3.0, 2.0])
with run("bad-nan-epoch") as f:
    replace(f, "checkpoints/epoch", [1.0, np.nan, 2.0])
with run("bad-samples-seen") as f:
    f["checkpoints/samples_seen"] = [10, 30, 20]
with run("bad-metric-shape") as f:
    f["checkpoints/train_loss"] = np.zeros(E + 1)
with run("bad-labels") as f:
    replace(f, "samples/label", np.zeros(N - 1, dtype=np.int32))
with run("bad-logits-rank") as f:
    replace(f, "logits", np.zeros((N, C), dtype=np.float32))
with run("bad-logits-checkpoints") as f:
    replace(f, "logits", np.zeros((E - 1, N, C), dtype=np.float32))
with run("bad-logits-samples") as f:
    replace(f, "logits", np.zeros((E, N + 2, C), dtype=np.float32))
run("bad-classes", classes=10).close()
with run("bad-no-samples") as f:
    del f["samples"]
with run("bad-score-shape") as f:
    f["scores/el2n"] = np.zeros((E, N + 1), dtype=np.float32)
with run("bad-targets") as f:
    f["targets"] = np.zeros((N, C + 1), dtype=np.float32)
with run("bad-strings") as f:
    replace(f, "logits", np.full((E, N, C), "x", dtype=h5py.string_dtype()))

# What opens, and fails when it is read.
with run("bad-label-range", classes=C) as f:
    f["samples/label"][4] = C
with run("bad-label-beyond-int32", classes=1 << 62) as f:
    del f["logits"]
    replace(f, "samples/label", np.array([0, 1, 2, 3, 1 << 40, 1], dtype=np.int64))
with run("bad-nan") as f:
    f["logits"][1, 4, 2] = np.nan
    f["logits"][1, 5, 0] = np.inf
with run("bad-huge") as f:
    del f["logits"], f["samples"]
    f["samples/id"] = np.arange(N)
    f["samples/label"] = np.zeros(N, dtype=np.int32)
    f.create_dataset("logits", shape=(E, N, 1 << 40), dtype=np.float32, chunks=(1, 1, 1 << 16))
with run("bad-missing-chunk") as f:
    del f["logits"]
    logits = f.create_dataset("logits", shape=(E, N, C), dtype=np.float32, chunks=(1, N, C))
    logits[0] = 1
    logits[2] = 1
with run("bad-never-written") as f:
    del f["logits"]
    f.create_dataset("logits", shape=(E, N, C), dtype=np.float32)
with run("bad-filter") as f:
    replace(f, "logits", np.zeros((E, N, C), dtype=np.float32), compression="lzf")
with run("bad-virtual") as f:
    del f["logits"]
    layout = h5py.VirtualLayout(shape=(E, N, C), dtype=np.float32)
    layout[:] = h5py.VirtualSource("gone.h5", "logits", shape=(E, N, C))
    f.create_virtual_dataset("logits", layout)
with run("bad-external-link") as f:
    del f["logits"]
    f["logits"] = h5py.ExternalLink("good.h5", "/logits")
with run("bad-external-storage") as f:
    del f["logits"]
    space = h5py.h5s.create_simple((E, N, C))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_external(b"/etc/hostname", 0, E * N * C * 4)
    h5py.h5d.create(f.id, b"logits", h5py.h5t.IEEE_F32LE, space, plist)
