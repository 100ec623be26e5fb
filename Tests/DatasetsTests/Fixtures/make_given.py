"""Writes given/: sets of images of one's own as NumPy writes them, good and bad. Run beside this file; needs numpy."""

import os

import numpy as np

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "given"))
x = (np.arange(48) / 64).reshape(2, 3, 2, 4)  # [N, C, H, W], exact in float32
y = np.array([4, 1])

np.savez("given-nchw.npz", images=x.astype("<f4"), labels=y)
np.savez_compressed("given-nhwc.npz", images=x.transpose(0, 2, 3, 1).copy(), labels=y.reshape(2, 1))
np.savez("given-big-endian.npz", x=x.astype(">f8"), y=y.astype(">i2"))
os.makedirs("given-folder", exist_ok=True)
np.save("given-folder/images.npy", x.astype("<f4"))
np.save("given-folder/labels.npy", y.astype("u1"))

grey = (5 * np.arange(48)).astype("u1").reshape(2, 3, 2, 4)
np.savez("given-bytes.npz", images=grey, labels=y)
np.savez("given-fractions.npz", images=grey / 255, labels=y)

bad = x.copy()
bad[1, 2, 0, 1] = np.nan
np.savez("given-nan.npz", images=bad, labels=y)
np.savez("given-soft.npz", images=x, labels=np.eye(5)[y])
np.savez("given-float-labels.npz", images=x, labels=y.astype("f4"))
np.savez("given-complex.npz", images=x.astype("c8"), labels=y)
np.savez("given-unnamed.npz", a=x, b=y)
np.savez("given-short.npz", images=x, labels=np.array([4, 1, 0]))
