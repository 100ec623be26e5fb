"""Writes the golden files of the array importers with the real writers, and what is in them as cases.json.

    python make_arrays.py            # numpy 2.4, torch 2.15, h5py 3.16
    python make_numpy1.py            # the pickles of numpy 1.26

E = 3 checkpoints, N = 7 samples, C = 4 classes; logits are multiples of 1/8, so that every width holds them exactly.
"""
import collections, io, json, os, pickle, shutil, zipfile
import h5py, numpy as np, torch

here = os.path.dirname(os.path.abspath(__file__))
os.chdir(here)
for old in os.listdir("."):
    if os.path.isdir(old) and old not in ("numpy1", "logger", "files"):
        shutil.rmtree(old)

E, N, C = 3, 7, 4
rng = np.random.default_rng(4)
logits = (rng.integers(-40, 40, (E, N, C)) / 8).astype("f4")
labels = np.array([0, 1, 2, 3, 0, 1, 2])
ids = np.array([10, 3, 7, 99, 4, 1, 0])
el2n = (rng.integers(0, 11, (E, N)) / 8).astype("f4")
features = (rng.integers(-9, 9, (N, 5)) / 4).astype("f4")
targets = np.full((N, C), 0.25, "f4")
names = [f"bild-{i}-ä" for i in range(N)]
cases = []


def want(epochs=(1, 2, 3), ids=None, labels=labels, names=None, metrics=None, **arrays):
    out = {"epochs": list(map(float, epochs)), "ids": list(range(N)) if ids is None else np.asarray(ids).tolist(),
           "labels": np.asarray(labels).tolist(), "arrays": {}, "metrics": metrics or {}}
    if names is not None:
        out["names"] = list(names)
    for key, (array, precision) in arrays.items():
        array = np.asarray(array, "f8")
        out["arrays"]["/" + key.replace("__", "/")] = {
            "shape": list(array.shape), "precision": precision, "values": array.ravel().tolist()}
    return out


def case(name, kind, paths, expect=None, error=None, **options):
    cases.append({"name": name, "kind": kind, "paths": paths, "expect": expect, "error": error, **options})


def folder(name):
    os.makedirs(name, exist_ok=True)
    return name


f4 = "float32"
# ---- npy ------------------------------------------------------------------------------------------------------------
d = folder("npy")
np.save(f"{d}/labels.npy", labels)
np.save(f"{d}/ids.npy", ids)
for dtype in ["<f2", "<f4", "<f8", ">f4", ">f2", ">f8", "i1", "<i2", ">i4", "<i8", "u1"]:
    values = logits.astype(dtype) if "u" not in dtype else np.abs(logits).astype(dtype)
    path = f"{d}/logits-{dtype.replace('<', 'le').replace('>', 'be')}.npy"
    np.save(path, values)
    case(f"npy {dtype}", "npy", [path, f"{d}/labels.npy"],
         want(logits=(values, "float16" if dtype[-2:] == "f2" else f4)))
np.save(f"{d}/logits-fortran.npy", np.asfortranarray(logits))
case("npy column-major", "npy", [f"{d}/logits-fortran.npy", f"{d}/labels.npy", f"{d}/ids.npy"],
     want(ids=ids, logits=(logits, f4)))
for version in [(2, 0), (3, 0)]:
    with open(f"{d}/logits-v{version[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, logits, version=version)
    case(f"npy version {version[0]}", "npy", [f"{d}/logits-v{version[0]}.npy", f"{d}/labels.npy"], want(logits=(logits, f4)))
folder("npy-epochs")
for e, number in enumerate([1, 2, 10]):
    np.save(f"npy-epochs/epoch_{number}.npy", logits[e])
np.save("npy-epochs/labels.npy", labels)
case("a file per epoch", "npy", ["npy-epochs"], want(epochs=[1, 2, 10], logits=(logits, f4)))
folder("npy-zero")
for e in range(E):
    np.save(f"npy-zero/logits_epoch{e:03}.npy", logits[e])
np.save("npy-zero/labels.npy", labels)
case("epochs from 0", "npy", ["npy-zero"], want(logits=(logits, f4)))
case("epochs from 0 are before training", "npy", ["npy-zero"], want(epochs=[0, 1, 2], logits=(logits, f4)), epochBase=1)
np.save(f"{d}/el2n.npy", el2n[0])
case("scores of one checkpoint", "npy", [f"{d}/el2n.npy", f"{d}/labels.npy"], want(epochs=[1], scores__el2n=(el2n[:1], f4)))
np.save(f"{d}/objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(f"{d}/fields.npy", np.zeros(3, dtype=[("x", "f4"), ("y", "i8")]))
np.save(f"{d}/complex.npy", np.zeros((E, N, C), "c8"))
case("object array", "npy", [f"{d}/objects.npy"], error="it is an object array: pickled Python objects, which are never loaded")
case("structured array", "npy", [f"{d}/fields.npy"], error="it is a structured array (fields x, y)")
case("complex array", "npy", [f"{d}/complex.npy"], error="its type '<c8' is not read")
np.savez(f"{d}/beside.npz", logits=logits, labels=labels, config=np.array({"lr": 0.1}, dtype=object),
         note="text", lr=0.1, table=np.array([["a", "b"]]))
case("an object array beside", "npz", [f"{d}/beside.npz"], want(logits=(logits, f4)), note="Not imported: config (not an array of numbers)")
case("an object array as labels", "npz", [f"{d}/beside.npz"], map={"labels": "config"}, error="array 'config' []: it is an object array")
# ---- npz ------------------------------------------------------------------------------------------------------------
d = folder("npz")
everything = dict(logits=logits.astype("f2"), labels=labels.astype("u1"), ids=ids, names=np.array(names), epochs=[0.5, 1, 2],
                  features=features, targets=targets, el2n=el2n, train_loss=[2.5, 1.5, 0.25],
                  test_logits=logits[2, :5], test_labels=labels[:5])
full = want(epochs=[0.5, 1, 2], ids=ids, names=names, metrics={"train_loss": [2.5, 1.5, 0.25]},
            logits=(logits, "float16"), features=(features, f4), targets=(targets, f4), scores__el2n=(el2n, f4),
            test__logits=(logits[2, :5], f4), test__label=(labels[:5], f4))
np.savez(f"{d}/stored.npz", **everything)
np.savez_compressed(f"{d}/deflated.npz", **everything)
case("npz stored", "npz", [f"{d}/stored.npz"], full)
case("npz deflated", "npz", [f"{d}/deflated.npz"], full)
np.savez_compressed(f"{d}/deflated-fortran.npz", logits=np.asfortranarray(logits), labels=labels)
case("npz deflated, column-major", "npz", [f"{d}/deflated-fortran.npz"], want(logits=(logits, f4)))
limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
zipfile.ZIP64_LIMIT = zipfile.ZIP_FILECOUNT_LIMIT = 5
np.savez(f"{d}/zip64.npz", **everything)
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
case("npz zip64", "npz", [f"{d}/zip64.npz"], full)
np.savez(f"{d}/unnamed.npz", logits, labels)
case("npz unnamed", "npz", [f"{d}/unnamed.npz"], want(logits=(logits, f4)), map={"logits": "arr_0", "labels": "arr_1"})
case("npz unnamed, unmapped labels", "npz", [f"{d}/unnamed.npz"], error="the labels [N] are missing; it holds arr_0 (float32 [3, 7, 4])")
case("map misspelt", "npz", [f"{d}/unnamed.npz"], map={"labels": "arr_2"}, error="no 'arr_2' for labels (did you mean 'arr_0'?)")
np.savez(f"{d}/expression.npz", logits=logits, labels=labels, val_acc=[50.0, 75.0, 87.5])
case("an expression", "npz", [f"{d}/expression.npz"], map={"test_error": "1-val_acc/100"},
     expect=want(metrics={"test_error": [0.5, 0.25, 0.125], "val_acc": [50, 75, 87.5]}, logits=(logits, f4)))
p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
np.savez(f"{d}/probabilities.npz", logits=p, labels=labels)
case("probabilities", "npz", [f"{d}/probabilities.npz"], error="it holds probabilities (rows in 0…1 that sum to 1), not logits")
np.savez(f"{d}/log-softmax.npz", logits=np.log(p).astype("f4"), labels=labels)
case("log-softmax", "npz", [f"{d}/log-softmax.npz"], want(logits=(np.log(p).astype("f4"), f4)), note="softmax(log p) = p")
bad = {
    "label-range": (dict(logits=logits, labels=labels + 1), "labels, sample 3 (id 3): the label is 4, but the logits have 4 classes, 0…3"),
    "label-negative": (dict(logits=logits, labels=labels - 1), "sample 0 (id 0): the label is -1"),
    "label-float": (dict(logits=logits, labels=labels.astype("f4")), "it holds float32, but integers are needed"),
    "label-count": (dict(logits=logits, labels=labels[:6]), "6 rows, but 7 samples"),
    "score-count": (dict(logits=logits, labels=labels, el2n=el2n[:2]), "2 checkpoints for /scores/el2n, but /logits has 3"),
    "swapped": (dict(logits=logits.transpose(1, 0, 2).copy(), labels=labels, ids=ids), "3 rows, but 7 ids"),
    "epochs-repeat": (dict(logits=logits, labels=labels, epochs=[1, 2, 2]), "epoch 2 follows 2; checkpoints must increase"),
    "epochs-count": (dict(logits=logits, labels=labels, epochs=[1, 2]), "2 epochs for 3 checkpoints"),
    "two-logits": ({"logits": logits, "outputs": logits, "labels": labels}, "both 'logits' and 'outputs' can be the run's logits"),
    "classes": (dict(logits=logits, labels=labels, targets=targets[:, :3]), "do not have the same classes"),
    "rank": (dict(logits=logits[0, 0], labels=labels), "as logits the shape [E, N, C] or [N, C] is needed"),
    "beyond-int64": (dict(logits=logits, labels=labels, ids=np.full(N, 2**63 + 5, "u8")), "element 0 is beyond int64"),
}
for name, (arrays, error) in bad.items():
    np.savez(f"{d}/bad-{name}.npz", **arrays)
    case(f"bad {name}", "npz", [f"{d}/bad-{name}.npz"], error=error)
nan = logits.copy()
nan[1, 4, 2] = np.nan
np.savez(f"{d}/bad-nan.npz", logits=nan, labels=labels, ids=ids)
case("NaN", "npz", [f"{d}/bad-nan.npz"], error="/logits, checkpoint 1 (epoch 2), sample 3 (id 4), class 2: the value is NaN")
inf = logits.copy().astype("f8")
inf[2, 6, 0] = 1e300
np.savez(f"{d}/bad-infinite.npz", logits=inf, labels=labels)
case("infinite", "npz", [f"{d}/bad-infinite.npz"], error="checkpoint 2 (epoch 3), sample 6 (id 6), class 0: the value is infinite, in the file")
# ---- ids per checkpoint ---------------------------------------------------------------------------------------------
d = folder("scatter")
order = np.stack([rng.permutation(N) for _ in range(E)])
pad = np.concatenate([order, order[:, :2]], 1)  # the last batch repeats two samples
take = np.take_along_axis
shuffled = np.stack([logits[e][pad[e]] for e in range(E)])
shuffled[:, N:] += 2  # a repeat that is not the same: the mean is +1
sorted_ids = np.sort(ids)
by_id = np.argsort(ids)
np.savez(f"{d}/padded.npz", logits=shuffled, ids=ids[pad], labels=labels[pad], el2n=take(el2n, pad, 1))
expect = want(ids=sorted_ids, labels=labels[by_id], logits=(logits[:, by_id], f4), scores__el2n=(el2n[:, by_id], f4))
mean = logits.copy()
for e in range(E):
    mean[e, order[e, :2]] += 1
case("padded, first", "npz", [f"{d}/padded.npz"], expect, note="6 rows repeat a sample id")
case("padded, mean", "npz", [f"{d}/padded.npz"], want(
    ids=sorted_ids, labels=labels[by_id], logits=(mean[:, by_id], f4), scores__el2n=(el2n[:, by_id], f4)), duplicates="mean")
case("padded, fail", "npz", [f"{d}/padded.npz"], duplicates="fail", error="checkpoint 0 (epoch 1): id ")
np.savez_compressed(f"{d}/padded-deflated.npz", logits=shuffled, ids=ids[pad], labels=labels[pad], el2n=take(el2n, pad, 1))
case("padded, deflated", "npz", [f"{d}/padded-deflated.npz"], expect)
np.savez(f"{d}/indexed.npz", logits=np.stack([logits[e][order[e]] for e in range(E)]), ids=order)
np.save(f"{d}/labels.npy", labels)
case("labels indexed by id", "npz", [f"{d}/indexed.npz", f"{d}/labels.npy"], want(logits=(logits, f4)))
fixed = np.concatenate([np.arange(N), [2, 5]])
np.savez(f"{d}/fixed.npz", logits=logits[:, fixed], ids=ids[fixed], labels=labels[fixed])
case("fixed ids with repeats", "npz", [f"{d}/fixed.npz"], want(ids=sorted_ids, labels=labels[by_id], logits=(logits[:, by_id], f4)))
wrong = order.copy()
wrong[1, wrong[1] == 4] = 2
np.savez(f"{d}/missing.npz", logits=logits, ids=wrong, labels=labels)
case("an id is missing", "npz", [f"{d}/missing.npz"], error="checkpoint 1 (epoch 2): id 4 is missing here, but is in checkpoint 0")
two = labels[pad].copy()
two[2, np.flatnonzero(pad[2] == 3)[0]] = 0
np.savez(f"{d}/two-labels.npz", logits=shuffled, ids=pad, labels=two)
case("one id, two labels", "npz", [f"{d}/two-labels.npz"], error="checkpoint 2 (epoch 3): id 3 has ")
# ---- torch ----------------------------------------------------------------------------------------------------------
d = folder("torch")
t = torch.from_numpy(logits.copy())
L, I = torch.from_numpy(labels), torch.from_numpy(ids)
plain = {"logits": t, "labels": L, "ids": I, "epochs": [1, 2, 5], "val": {"loss": 0.5}, "note": "text", "nothing": None}
simple = want(epochs=[1, 2, 5], ids=ids, logits=(logits, f4))
for suffix, how in {"zip": {}, "legacy": dict(_use_new_zipfile_serialization=False), "protocol4": dict(pickle_protocol=4),
                    "protocol5": dict(pickle_protocol=5)}.items():
    torch.save(plain, f"{d}/plain-{suffix}.pt", **how)
    case(f"torch {suffix}", "pt", [f"{d}/plain-{suffix}.pt"], simple)
wide = torch.arange(2 * E * N * C, dtype=torch.float32).reshape(2, E, N, C) / 8
shapes = {
    "list": ([x for x in t], logits), "transposed": (t.permute(2, 1, 0).contiguous().permute(2, 1, 0), logits),
    "sliced": (wide[1], wide[1].numpy()), "strided": (wide[:, :, :, ::2][0], wide[0, :, :, ::2].numpy()),
    "expanded": (t[:1].expand(E, N, C), np.repeat(logits[:1], E, 0)), "bfloat16": (t.bfloat16(), t.bfloat16().float().numpy()),
    "float16": (t.half(), logits), "float64": (t.double(), logits), "int16": ((t * 8).short(), logits * 8), "int32": ((t * 8).int(), logits * 8),
    "int64": ((t * 8).long(), logits * 8), "uint8": ((t * 8).abs().byte(), abs(logits * 8)), "int8": ((t * 8).to(torch.int8), logits * 8),
    "parameter": (torch.nn.Parameter(t.clone()), logits), "tuple": (tuple(t.unbind()), logits),
}
for name, (value, expected) in shapes.items():
    for legacy in [False, True]:
        path = f"{d}/{name}{'-legacy' if legacy else ''}.pt"
        torch.save({"logits": value, "labels": L % expected.shape[2]}, path, _use_new_zipfile_serialization=not legacy)
        case(f"torch {name}{' legacy' if legacy else ''}", "pt", [path],
             want(labels=labels % expected.shape[2], logits=(expected, "float16" if name == "float16" else f4)))
torch.save({"logits": {3: t[1], 1: t[0], 12: t[2]}, "labels": L.to(torch.uint16)}, f"{d}/by-epoch.pt")
case("torch dict by epoch, uint16", "pt", [f"{d}/by-epoch.pt"], want(epochs=[1, 3, 12], logits=(logits, f4)))
both = torch.cat([t.reshape(-1), torch.from_numpy(el2n).reshape(-1)])
torch.save(collections.OrderedDict(logits=both[:t.numel()].view(E, N, C), el2n=both[t.numel():].view(E, N), labels=L,
                                   correct=(torch.from_numpy(el2n) > 0.5)), f"{d}/shared.pt")
case("torch shared storage, booleans", "pt", [f"{d}/shared.pt"],
     want(logits=(logits, f4), scores__el2n=(el2n, f4), scores__correct=(el2n > 0.5, f4)))
folder("torch-epochs")
for e in range(E):
    o = order[e]
    torch.save({"epoch": e, "logits": t[e][o], "labels": L[o], "index": I[o], "train_loss": 3.0 - e, "lr": torch.tensor(0.5)},
               f"torch-epochs/epoch_{e}.pt")
by = want(ids=sorted_ids, labels=labels[by_id], metrics={"train_loss": [3, 2, 1], "lr": [.5] * 3}, logits=(logits[:, by_id], f4))
case("torch a file per epoch, shuffled", "pt", ["torch-epochs"], by)
folder("torch-ranks")
for e in range(E):
    for rank, part in enumerate([order[e][:4], order[e][3:]]):
        torch.save({"logits": t[e][part], "labels": L[part], "index": I[part]}, f"torch-ranks/epoch_{e + 1}_rank{rank}.pt")
case("torch ranks", "pt", ["torch-ranks"], want(ids=sorted_ids, labels=labels[by_id], logits=(logits[:, by_id], f4)))
folder("torch-seeds")
for s in range(2):
    torch.save({"logits": t, "labels": L}, f"torch-seeds/logits_seed{s}.pt")
case("seeds are not epochs", "pt", ["torch-seeds"], error="the files are numbered by 'seed'")
torch.save([{"epoch": e + 1, "logits": t[e], "labels": L} for e in range(E)], f"{d}/records.pt")
case("torch list of records", "pt", [f"{d}/records.pt"], want(logits=(logits, f4)))
model = torch.nn.Linear(3, 2)
torch.save({"logits": t, "labels": L, "model": model.state_dict()}, f"{d}/state-dict.pt")
case("torch beside a state_dict", "pt", [f"{d}/state-dict.pt"], want(logits=(logits, f4)))
torch.save({"logits": t, "model": model}, f"{d}/module.pt")
case("torch a whole module", "pt", [f"{d}/module.pt"], error="the pickle asks for 'torch.nn.modules.linear.Linear'")
case("the wrong kind", "npy", [f"{d}/records.pt"], error="it is no file of kind npy but a PyTorch file: assay import pt")
buffer = io.BytesIO()
torch.save({"logits": t, "labels": L}, buffer)
with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(f"{d}/big-endian.pt", "w") as target:
    for item in source.namelist():
        data = source.read(item)
        if item.endswith("byteorder"):
            data = b"big"
        if "/data/" in item:
            data = np.frombuffer(data, "f4" if len(data) == t.numel() * 4 else "i8").byteswap().tobytes()
        target.writestr(item, data)
case("torch big-endian", "pt", [f"{d}/big-endian.pt"], want(logits=(logits, f4)))
folder("torch-steps")
for e in range(E):
    torch.save({"logits": t[e], "labels": L}, f"torch-steps/step_{e * 50}.pt")
case("torch steps", "pt", ["torch-steps"], want(epochs=[0, 0.5, 1], logits=(logits, f4)), stepsPerEpoch=100, note="divided by 100 steps per epoch")
case("torch steps unknown", "pt", ["torch-steps"], error="the files are numbered by steps; --steps-per-epoch says")
# ---- pickle ---------------------------------------------------------------------------------------------------------
d = folder("pickle")
for protocol in range(6):
    value = {"logits": logits, "labels": labels.tolist(), "ids": ids, "epochs": (1, 2, np.float64(5)), "names": names, "flag": True,
             "big": -2**40, "quote": "it's \"quoted\" \u20ac \\ \n", "none": None, "el2n": np.asfortranarray(el2n.astype("f8")),
             "set": {1, 2}, "d": collections.defaultdict(list, a=[1]), "o": collections.OrderedDict(a=1), "b": b"\x00\xff"}
    with open(f"{d}/protocol{protocol}.pkl", "wb") as f:
        pickle.dump(value, f, protocol=protocol)
    case(f"pickle protocol {protocol}", "pt", [f"{d}/protocol{protocol}.pkl"],
         want(epochs=[1, 2, 5], ids=ids, names=names, logits=(logits, f4), scores__el2n=(el2n, f4)))
    # The training dynamics of CCS: log-softmax in halves, one entry per iteration, of tensors in a plain pickle.
    dynamics = []
    logp = torch.log_softmax(t, -1).half()
    for e in range(E):
        for step, batch in enumerate(np.array_split(order[e], 3)):
            dynamics.append({"epoch": e, "iteration": step, "idx": torch.from_numpy(batch), "output": logp[e][batch].clone()})
    if protocol in (2, 4):
        with open(f"{d}/td-{protocol}.pickle", "wb") as f:
            pickle.dump({"training_dynamics": dynamics}, f, protocol=protocol)
        case(f"CCS, protocol {protocol}", "pt", [f"{d}/td-{protocol}.pickle", "npy/labels.npy"],
             want(logits=(logp.float().numpy(), "float16")), note="softmax(log p) = p")
for protocol in range(6):
    case(f"numpy 1, protocol {protocol}", "pt", [f"numpy1/protocol{protocol}.pkl"], want(logits=(logits, f4)))
# ---- HDF5 -----------------------------------------------------------------------------------------------------------
d = folder("hdf5")
with h5py.File(f"{d}/foreign.h5", "w") as f:
    f.create_dataset("outputs/z", data=logits.astype(">f8"), compression="gzip", chunks=(2, 4, 3), shuffle=True)
    f["klass"] = labels.astype(">i2")
    f["keys"] = np.array([n.encode() for n in names], "S16")
    f["when"] = np.array([1, 2, 5], "f4")
    f["meta/compound"] = np.zeros(2, dtype=[("a", "f4")])
mapping = {"logits": "/outputs/z", "labels": "klass", "names": "keys", "epochs": "/when"}
case("hdf5 mapped", "h5", [f"{d}/foreign.h5"], want(epochs=[1, 2, 5], names=names, logits=(logits, f4)), map=mapping)
case("hdf5 unmapped", "h5", [f"{d}/foreign.h5"], error="the labels [N] are missing; it holds keys (strings [7])")
case("hdf5 misspelt", "h5", [f"{d}/foreign.h5"], map={"logits": "/output/z", "labels": "klass"},
     error="no '/output/z' for logits (did you mean 'outputs/z'?); it holds")
with h5py.File(f"{d}/widths.h5", "w") as f:
    for dtype in ["f2", "f4", "f8", ">f2", ">f4", "i1", ">i2", "i4", "i8"]:
        f[f"z_{dtype.replace('>', 'be')}"] = logits.astype(dtype)
    for dtype in ["i1", ">i2", "i4", "i8", "u1", ">u2", "u4", "u8"]:
        f[f"y_{dtype.replace('>', 'be')}"] = labels.astype(dtype)
for dtype, other in zip(["f2", "f4", "f8", ">f2", ">f4", "i1", ">i2", "i4"], ["i1", ">i2", "i4", "i8", "u1", ">u2", "u4", "u8"]):
    one, two = f"z_{dtype.replace('>', 'be')}", f"y_{other.replace('>', 'be')}"
    case(f"hdf5 {dtype} {other}", "h5", [f"{d}/widths.h5"], map={"logits": one, "labels": two},
         expect=want(logits=(logits.astype(dtype), "float16" if dtype == "f2" else None)))
with h5py.File(f"{d}/by-epoch.h5", "w") as f:
    for e in range(E):
        f[f"epoch_{e}/logits"] = logits[e].astype("f2")
        f[f"epoch_{e}/loss"] = float(3 - e)
        f[f"epoch_{e}/labels"] = labels
case("hdf5 a group per epoch", "h5", [f"{d}/by-epoch.h5"], want(logits=(logits, "float16")))
with h5py.File(f"{d}/lzf.h5", "w") as f:
    f.create_dataset("logits", data=logits, compression="lzf")
    f["labels"] = labels
case("hdf5 unknown filter", "h5", [f"{d}/lzf.h5"], error="it is packed with filter 32000 (lzf)")
with h5py.File(f"{d}/own.h5", "w") as f:
    f.attrs["format"] = "assay-run"
    f["logits"] = logits
case("hdf5 a run already", "h5", [f"{d}/own.h5"], error="it is a run of Assay's own layout already")
# ---- malicious ------------------------------------------------------------------------------------------------------
d = folder("malicious")


class Call:
    def __init__(self, function, *arguments):
        self.parts = function, arguments

    def __reduce__(self):
        return self.parts


mark = "touch assay-was-here"
evil = {
    "system": (pickle.dumps(Call(os.system, mark)), "posix.system"),
    "system-protocol0": (pickle.dumps(Call(os.system, mark), 0), "posix.system"),
    "eval": (pickle.dumps({"logits": Call(eval, f"__import__('os').system('{mark}')")}), "builtins.eval"),
    "exec": (pickle.dumps(Call(exec, "import os"), 2), "__builtin__.exec"),
    "nt": (b"cnt\nsystem\n(S'" + mark.encode() + b"'\ntR.", "nt.system"),
    "getattr": (b"cbuiltins\ngetattr\n(cos\nsystem\nS'__call__'\ntR.", "builtins.getattr"),
    "inst": (b"(S'" + mark.encode() + b"'\nios\nsystem\n.", "os.system"),
    "obj": (b"(cos\nsystem\nS'x'\no.", "os.system"),
    "stack-global": (b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93\x8c\x02ls\x85R.", "subprocess.Popen"),
    "torch-name": (b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", "torch._utils._rebuild_tensor_v2.__globals__"),
    "hub": (b"\x80\x04\x8c\x05torch\x8c\x08hub.load\x93.", "torch.hub.load"),
    "numpy-load": (b"cnumpy\nload\n(S'x'\ntR.", "numpy.load"),
    "extension": (b"\x80\x02\x82\x01.", "a number of its writer's registry"),
    "newobj": (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "objects are refused"),
    "setstate": (b"\x80\x02cnumpy\nndarray\n}(X\x01\x00\x00\x00aK\x01ub.", "sets the state of what has none"),
    "call-list": (b"\x80\x02]K\x01\x85R.", "calls what is no name that is known here"),
    "persistent": (b"Pwho\n.", "a persistent id in text"),
    "copyreg": (b"ccopy_reg\n_reconstructor\n(tR.", "copy_reg._reconstructor"),
}
for name, (data, said) in evil.items():
    with open(f"{d}/{name}.pkl", "wb") as f:
        f.write(data)
    case(f"malicious {name}", "pt", [f"{d}/{name}.pkl"], error=said)
buffer = io.BytesIO()
torch.save({"logits": t}, buffer)
with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(f"{d}/torch.pt", "w") as target:
    for item in source.namelist():
        target.writestr(item, evil["eval"][0] if item.endswith("data.pkl") else source.read(item))
case("malicious torch file", "pt", [f"{d}/torch.pt"], error="builtins.eval")
buffer = io.BytesIO()
torch.save(t, buffer, _use_new_zipfile_serialization=False)
nested = b"ctorch.storage\n_load_from_bytes\n(" + b"C" + bytes([len(evil["nt"][0])]) + evil["nt"][0] + b"tR."
open(f"{d}/within.pkl", "wb").write(nested)
case("malicious bytes within", "pt", [f"{d}/within.pkl"], error="not in PyTorch's old format")

with open("cases.json", "w") as f:
    json.dump(cases, f, indent=0, ensure_ascii=False)
