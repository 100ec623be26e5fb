#!/usr/bin/env python3
"""Writes arrays/: data sets as NumPy arrays, good ones and bad ones.

    python3 make_arrays.py        # in this directory; needs NumPy
"""
import pathlib
import shutil
import struct
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).parent / "arrays"
shutil.rmtree(HERE, ignore_errors=True)
HERE.mkdir()
values = np.arange(5 * 4 * 2 * 3, dtype=np.uint8).reshape(5, 4, 2, 3)  # [N, H, W, C]
train, test = values[:3], values[3:]
y_train, y_test = np.array([1, 0, 1]), np.array([0, 1])


def save(name, **arrays):
    np.savez_compressed(HERE / name, **arrays)


good = dict(x_train=train, y_train=y_train, x_test=test, y_test=y_test)
save("good-nhwc.npz", **good)
save("good-nchw.npz", **{**good, "x_train": train.transpose(0, 3, 1, 2).copy(), "x_test": test.transpose(0, 3, 1, 2).copy()})
save("good-grey.npz", **{**good, "x_train": train[..., 0].copy(), "x_test": test[..., 0].copy()})
np.savez(
    HERE / "good-medmnist.npz",
    train_images=train, train_labels=y_train[:, None].astype(np.uint8), val_images=test, val_labels=y_test[:, None],
    test_images=test, test_labels=y_test[:, None].astype(">i2"),
)
folder = HERE / "good-folder"
folder.mkdir()
for name, array in good.items():
    np.save(folder / f"{name}.npy", array)
save("bad-float.npz", **{**good, "x_train": train / 255.0})
save("bad-missing.npz", x_train=train, y_train=y_train, x_test=test)
save("bad-label.npz", **{**good, "y_test": np.array([0, 7])})
save("bad-negative.npz", **{**good, "y_train": np.array([1, -1, 0])})
save("bad-count.npz", **{**good, "y_train": np.array([1, 0])})
save("bad-shape.npz", **{**good, "x_train": train.reshape(3, 24)})
save("bad-ambiguous.npz", **{**good, "x_train": np.zeros((3, 3, 5, 3), np.uint8)})
save("bad-gap.npz", **{**good, "y_train": np.array([2, 0, 2])})
save("bad-one-hot.npz", **{**good, "y_train": np.eye(2, dtype=np.uint8)[y_train]})
save("bad-fortran.npz", **{**good, "x_train": np.asfortranarray(train)})
save("bad-test-shape.npz", **{**good, "x_test": test[:, :2]})
save("bad-object.npz", **{**good, "y_train": np.array([1, "a", None], dtype=object)})
(HERE / "bad-archive.npz").write_bytes((HERE / "good-nhwc.npz").read_bytes()[:200])
# A header that promises 10^12 bytes in a small member.
head = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000, 1000), }".ljust(117) + "\n"
with zipfile.ZipFile(HERE / "bad-promise.npz", "w") as archive:
    archive.writestr("x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(18))
