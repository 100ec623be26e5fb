"""Writes pickles with NumPy 1.26, whose names differ from NumPy 2's; the values are those of make_arrays.py.

    pip install 'numpy<2'; python make_numpy1.py
"""
import os, pickle
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
os.makedirs("numpy1", exist_ok=True)
assert np.__version__.startswith("1.")
rng = np.random.default_rng(4)
logits = (rng.integers(-40, 40, (3, 7, 4)) / 8).astype("f4")
for protocol in range(6):
    value = {"logits": logits, "labels": np.array([0, 1, 2, 3, 0, 1, 2]), "epochs": [np.float32(1), np.int64(2), 3.0]}
    with open(f"numpy1/protocol{protocol}.pkl", "wb") as f:
        pickle.dump(value, f, protocol=protocol)
