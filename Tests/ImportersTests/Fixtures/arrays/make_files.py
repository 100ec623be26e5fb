"""Writes the golden files of runs that come in several files, and of keys, repeats and groups, and files.json.

    python make_files.py             # numpy 2, h5py 3

E = 3 checkpoints, N = 7 samples, C = 4 classes; logits are multiples of 1/8, so that every width holds them exactly.
"""
import json, os, pickle, shutil
import h5py, numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
shutil.rmtree("files", ignore_errors=True)
E, N, C = 3, 7, 4
rng = np.random.default_rng(9)
logits = (rng.integers(-40, 40, (E, N, C)) / 8).astype("f4")
labels = np.array([0, 1, 2, 3, 0, 1, 2])
ids = np.array([10, 3, 7, 99, 4, 1, 0])
features = (rng.integers(-9, 9, (N, 5)) / 4).astype("f4")
targets = (rng.integers(0, 8, (N, C)) / 32).astype("f4")
targets[:, -1] = 1 - targets[:, :-1].sum(1)
names = np.array([f"bild-{i}" for i in range(N)])
by_id, sorted_ids = np.argsort(ids), np.sort(ids)
cases = []


def want(epochs=(1, 2, 3), ids=None, labels=labels, names=None, metrics=None, **arrays):
    out = {"epochs": list(map(float, epochs)), "ids": list(range(N)) if ids is None else np.asarray(ids).tolist(),
           "labels": np.asarray(labels).tolist(), "arrays": {}, "metrics": metrics or {}}
    if names is not None:
        out["names"] = list(names)
    for key, array in arrays.items():
        array = np.asarray(array, "f8")
        out["arrays"]["/" + key] = {"shape": list(array.shape), "precision": "float32", "values": array.ravel().tolist()}
    return out


def case(name, paths, expect=None, error=None, kind="npy", **options):
    paths = ["files/" + p for p in paths]
    cases.append({"name": "files: " + name, "kind": kind, "paths": paths, "expect": expect, "error": error, **options})


def path(name):
    os.makedirs(os.path.dirname("files/" + name), exist_ok=True)
    return "files/" + name


def npz(name, **arrays):
    np.savez(path(name), **arrays)


def npy(name, array):
    np.save(path(name), array)


npy("labels.npy", labels)
ordered = want(logits=logits)
# ---- two runs at once -----------------------------------------------------------------------------------------------
for e in range(2):
    for folder in "ab":
        npy(f"folders/{folder}/epoch_{e + 1}.npy", logits[e])
    for seed in range(2):
        npy(f"seeds/epoch_{e + 1}_seed{seed}.npy", logits[e])
    npz(f"whole/dynamics{e + 1}.npz", logits=logits, labels=labels)
    npz(f"whole/run_{'ab'[e]}.npz", logits=logits, labels=labels, z=logits, k=labels)
    npy(f"bare/{'ab'[e]}_epoch_1.npy", logits[e])
    npy(f"apart/epoch_{e + 1}.npy", logits[e])
npy("apart/late/epoch_3.npy", logits[2])
case("two folders", ["folders/a", "folders/b", "labels.npy"], error="folders/b/epoch_1.npy lie in two folders: they are taken for two runs")
case("one epoch twice", ["seeds", "labels.npy"], error="seeds/epoch_1_seed1.npy are both of epoch 1: they are taken for two runs")
case("whole runs, numbered", ["whole/dynamics1.npz", "whole/dynamics2.npz"], error="dynamics2.npz hold several checkpoints each ('logits' is [3, 7, 4])")
case("whole runs, named", ["whole/run_a.npz", "whole/run_b.npz"], error="run_b.npz can both be the run's logits: two runs are imported by one command each, with --id")
case("whole runs, mapped", ["whole/run_a.npz", "whole/run_b.npz"], map={"logits": "z", "labels": "k"},
     error="run_b.npz can both be the run's 'k': two runs are imported by one command each")
case("bare arrays of one epoch", ["bare", "labels.npy"], error="can both be the run's logits: two runs are imported by one command each")
case("epochs in another folder", ["apart", "apart/late", "labels.npy"], error="late/epoch_3.npy lie in two folders")
# ---- ranks ----------------------------------------------------------------------------------------------------------
order = np.stack([rng.permutation(N) for _ in range(E)])
for e in range(E):
    for rank, part in enumerate([order[e][:4], order[e][3:]]):
        one = dict(logits=logits[e][part], labels=labels[part], ids=ids[part])
        npz(f"before/rank{rank}_epoch_{e + 1}.npz", **one)
        npz(f"below/rank{rank}/epoch_{e + 1}.npz", **one)
        if (e, rank) != (1, 1):
            npz(f"lost/epoch_{e + 1}_rank{rank}.npz", **one)
    for rank, part in enumerate([slice(0, 4), slice(4, 7)]):
        npy(f"spread/logits_epoch_{e + 1}_rank{rank}.npy", logits[e][part])
for rank, part in enumerate([slice(0, 4), slice(4, 7)]):
    npy(f"joined/logits_rank{rank}.npy", logits[:, part])
    npy(f"joined/labels-rank{rank}.npy", labels[part])
    npy(f"spread/y/labels_rank{rank}.npy", labels[part])
sorted_run = want(ids=sorted_ids, labels=labels[by_id], logits=logits[:, by_id])
case("ranks before epochs", ["before"], sorted_run, note="the 2 of each are joined in the order of the numbers after 'rank'")
case("a folder per rank", ["below/rank0", "below/rank1"], sorted_run)
case("a rank is missing", ["lost"], error="lost/epoch_2_rank0.npz: there are 1 files of this epoch, but 2 of that of")
case("ranks without epochs", ["joined"], ordered, note="2 files without numbers of epochs are joined", warning="No ids tell which samples")
case("ranks in any order", [f"joined/{n}" for n in ["labels-rank1.npy", "logits_rank0.npy", "logits_rank1.npy", "labels-rank0.npy"]], ordered)
case("labels in as many files", ["spread", "spread/y"], ordered)
case("labels of unknown order", ["spread", "labels.npy"], error="2 files of 4, 3 rows (ranks 0, 1), and nothing says which row of one belongs to which of the other: log the ids")
# ---- what stands beside ids -----------------------------------------------------------------------------------------
npz("ids/shuffled.npz", logits=np.stack([logits[e][order[e]] for e in range(E)]), ids=ids[order])
npy("ids/labels.npy", labels[by_id])
case("labels by ascending id", ["ids/shuffled.npz", "ids/labels.npy"], sorted_run, warning="is taken in the order of ascending id")
npz("ids/indexed.npz", logits=np.stack([logits[e][order[e]] for e in range(E)]), ids=order)
case("labels by id", ["ids/indexed.npz", "labels.npy"], ordered, note="'labels' has no ids of its own and is indexed by them")
o = order[0]
npz("ids/epoch_4.npz", logits=logits[0][o], ids=o, labels=labels[o], names=names[o], features=features[o])
case("one epoch, shuffled", ["ids/epoch_4.npz"], want(epochs=[4], names=names, logits=logits[:1], features=features))
pad = np.concatenate([np.arange(N), [2, 5]])
f, t = features[pad].copy(), targets[pad].copy()
f[N:] += 2
t[N:] = np.roll(targets[[2, 5]], 1, axis=1)
npz("ids/padded.npz", logits=logits[:, pad], ids=ids[pad], labels=labels[pad], features=f, targets=t)
one = dict(ids=sorted_ids, labels=labels[by_id], logits=logits[:, by_id])
mean_f, mean_t = features.copy(), targets.copy()
mean_f[[2, 5]] += 1
mean_t[[2, 5]] = (targets[[2, 5]] + t[N:]) / 2
case("features of repeats, first", ["ids/padded.npz"], want(features=features[by_id], targets=targets[by_id], **one))
case("features of repeats, mean", ["ids/padded.npz"], want(features=mean_f[by_id], targets=mean_t[by_id], **one), duplicates="mean")
# ---- which file is wrong --------------------------------------------------------------------------------------------
for e in range(E):
    bad = logits[e].copy()
    if e == 1:
        bad[4, 2] = np.nan
    npy(f"nan/epoch_{e + 1}.npy", bad)
    npz(f"relabelled/epoch_{e + 1}.npz", logits=logits[e], labels=(labels + (e == 2)) % C)
    npz(f"short/epoch_{e + 1}.npz", logits=logits[e][: N - (e == 1)], labels=labels[: N - (e == 1)])
    npy(f"mixed/logits_epoch_{e + 1}.npy", logits[e])
    npy(f"mixed/labels_epoch_{e + 2}.npy", labels)
case("NaN in one file", ["nan", "labels.npy"], error="nan/epoch_2.npy: epoch_2 (float32 [7, 4]): /logits, checkpoint 1 (epoch 2), sample 4")
case("a label in one file", ["relabelled"], error="relabelled/epoch_3.npz: 'labels', checkpoint 2 (epoch 3): id 0 has the label 1 here and 0")
case("rows in one file", ["short"], error="short/epoch_2.npz: ")
case("labels of other epochs", ["mixed"], error="its epochs are 2, 3, 4, but those of 'logits' are 1, 2, 3")
# ---- steps from 0 ---------------------------------------------------------------------------------------------------
for e in range(E):
    npy(f"steps/step_{50 * e + 49}.npy", logits[e])
case("steps from 0", ["steps", "labels.npy"], ordered, epochBase=0, stepsPerEpoch=50, note="the numbers of the files + 1 divided by 50 steps per epoch")
# ---- names ----------------------------------------------------------------------------------------------------------
npz("run.partial.npz", logits=logits, labels=labels)
case("a name of the store's", ["run.partial.npz"], error="'run.partial' cannot be a run's id")
# ---- keys of pickles ------------------------------------------------------------------------------------------------
for protocol in range(6):
    value = {b"logits": logits, "labels".encode(): labels, True: 1, (0, 1): logits, None: 2, b"\xff\xfe": 3, "in": {(1,): 1}}
    with open(path(f"keys/protocol{protocol}.pkl"), "wb") as file:
        pickle.dump(value, file, protocol=protocol)
    case(f"keys of bytes, protocol {protocol}", [f"keys/protocol{protocol}.pkl"], ordered, kind="pt",
         note="left out, whose keys are neither text nor numbers: None (1), a truth value (1), a tuple (1), a tuple in 'in' (1), bytes that are no text (1).")
# ---- an array per epoch -----------------------------------------------------------------------------------------------
el2n = (rng.integers(0, 8, (E, N)) / 8).astype("f4")
npz("keys/epochs.npz", **{f"epoch_{e + 1}": logits[e] for e in range(E)}, labels=labels)
case("an array per epoch", ["keys/epochs.npz"], ordered, note="'epoch_#' (3 checkpoints of float32 [7, 4]) is taken as the logits")
npz("keys/named.npz", **{f"logits_epoch_{e}": logits[e - 1] for e in (3, 1, 2)}, **{f"epoch{e}-el2n": el2n[e - 1] for e in (1, 2, 3)}, labels=labels)
case("records per epoch", ["keys/named.npz"], want(logits=logits, **{"scores/el2n": el2n}))
with open(path("keys/epochs.pkl"), "wb") as file:
    pickle.dump({"labels": labels, **{f"epoch {e + 1}": {"logits": logits[e], "ids": np.arange(N)} for e in range(E)}}, file)
case("a dictionary per epoch", ["keys/epochs.pkl"], ordered, kind="pt")
# ---- groups of HDF5 -------------------------------------------------------------------------------------------------
with h5py.File(path("groups/deep.h5"), "w") as file:
    file["logits"] = logits
    file["/".join("abcdefgh") + "/labels"] = labels
    file["/".join(["g"] * 40) + "/x"] = labels
case("deep groups", ["groups/deep.h5"], ordered, kind="h5", note="1 group of ")
with h5py.File(path("groups/circle.h5"), "w") as file:
    file["logits"], file["labels"] = logits, labels
    file["loop/x"] = labels
    file["loop/one"] = file["loop"]
    file["loop/two"] = file["loop"]
case("groups in a circle", ["groups/circle.h5"], ordered, kind="h5", note="not looked into")

# ---- ids once for all checkpoints, in any order ---------------------------------------------------------------------
whole = dict(logits=logits, labels=labels, ids=ids, names=names, features=features, targets=targets, el2n=el2n)
npz("fixed/all.npz", **whole)
case("ids in any order", ["fixed/all.npz"],
     want(ids=ids, names=names, logits=logits, features=features, targets=targets, **{"scores/el2n": el2n}),
     note="Rows are put into the order of ascending sample id")
for rank, part in enumerate([slice(0, 4), slice(4, 7)]):
    for name, array in whole.items():
        npy(f"fixed/{name}/{name}_rank{rank}.npy", array[:, part] if name in ("logits", "el2n") else array[part])
    npy(f"fixed/one/logits_epoch_4_rank{rank}.npy", logits[0][part])
for name, array in whole.items():
    npy(f"fixed/{name}.npy", array)
ranks = lambda *names: [f"fixed/{name}" for name in names]
case("ids in any order, by rank", ranks("logits", "labels", "ids", "el2n", "features", "targets"),
     want(ids=ids, logits=logits, features=features, targets=targets, **{"scores/el2n": el2n}))
split = "it comes in 1 file of 7 rows, but 'logits' in 2 files of 4, 3 rows (ranks 0, 1), and nothing says which row"
case("ids in one file", ranks("logits", "labels", "ids.npy"), error=f"fixed/ids.npy: 'ids', checkpoint 0: {split}")
case("labels in one file", ranks("logits", "ids", "labels.npy"), error="fixed/labels.npy: 'labels': it comes in 1 file of 7 rows, but 'ids' in 2 files of 4, 3 rows (ranks 0, 1)")
case("names in one file", ranks("logits", "labels", "names.npy"), error=f"fixed/names.npy: 'names': {split}")
case("a record in one file", ranks("logits", "labels", "el2n.npy"), error=f"fixed/el2n.npy: 'el2n', checkpoint 0: {split}")
case("features in one file", ranks("logits", "labels", "ids", "features.npy"), error="fixed/features.npy: 'features': it comes in 1 file of 7 rows, but 'ids' in 2 files of 4, 3 rows (ranks 0, 1)")
case("logits in one file", ranks("logits.npy", "labels"),
     error="'labels': it comes in 2 files of 4, 3 rows (ranks 0, 1), but 'logits' in 1 file of 7 rows")
padded = dict(logits=logits[:, pad], labels=labels[pad], ids=ids[pad])
for rank, part in enumerate([slice(0, 5), slice(5, 9)]):
    for name, array in padded.items():
        npy(f"padded/{name}/{name}_rank{rank}.npy", array[:, part] if name == "logits" else array[part])
npy("padded/labels.npy", labels[pad])
case("padded ids by rank", ["padded/logits", "padded/labels", "padded/ids"],
     want(ids=sorted_ids, labels=labels[by_id], logits=logits[:, by_id]))
case("labels of padded ids in one file", ["padded/logits", "padded/ids", "padded/labels.npy"],
     error="'labels': it comes in 1 file of 9 rows, but 'ids' in 2 files of 5, 4 rows (ranks 0, 1)")
for rank, part in enumerate([slice(0, 5), slice(5, 9)]):
    npy(f"padded/small/ids_rank{rank}.npy", pad[part])
case("labels of padded small ids in one file", ["padded/logits", "padded/small", "padded/labels.npy"],
     error="'labels': it comes in 1 file of 9 rows, but 'ids' in 2 files of 5, 4 rows (ranks 0, 1)")
npy("padded/all.npy", np.arange(100) % C)
case("labels of the whole data set", ["padded/logits", "padded/ids", "padded/all.npy"], map={"labels": "all"},
     expect=want(ids=sorted_ids, labels=sorted_ids % C, logits=logits[:, by_id]), note="'all' has no ids of its own and is indexed by them")
npz("fixed/hash.npz", logits=logits, labels=labels, ids=ids + 2**53)
case("ids beyond 2^53", ["fixed/hash.npz"], error=f"the id {2**53 + 99} is beyond 2^53")
npz("fixed/not-soft.npz", logits=logits, labels=labels, ids=ids, targets=np.full((N, C), 0.5, "f4"))
case("soft labels that sum to 2", ["fixed/not-soft.npz"],
     error="/targets, sample 0 (id 0): its soft labels sum to 2, and are probabilities of the classes")
# ---- lists and dictionaries of epochs -------------------------------------------------------------------------------


def pkl(name, value):
    with open(path(name), "wb") as file:
        pickle.dump(value, file)


def log(**columns):
    return [dict(epoch=e + 1, **{key: values[e] for key, values in columns.items()}) for e in range(E)]


error, loss = [0.5, 0.25, 0.125], [2.0, 1.5, 1.0]
pkl("lists/dyn.pkl", log(test_error=error, train_loss=loss, logits=logits, labels=[labels] * E))
case("a list of epochs", ["lists/dyn.pkl"], want(logits=logits, metrics=dict(test_error=error, train_loss=loss)), kind="pt")
pkl("lists/checkpoint.pkl", {"epoch": 3, "history": log(test_error=error), "logits": logits, "labels": labels})
case("a list beside the last epoch's number", ["lists/checkpoint.pkl"], want(logits=logits, metrics=dict(test_error=error)), kind="pt")
pkl("lists/twice.pkl", {"test_error": error, "history": log(test_error=error[::-1]), "logits": logits, "labels": labels})
case("a name within and beside a list", ["lists/twice.pkl"],
     want(logits=logits, metrics=dict(test_error=error, history_test_error=error[::-1])), kind="pt")
pkl("lists/two.pkl", {"history": log(loss=loss), "logs": [{"loss": x} for x in error], "logits": logits, "labels": labels})
case("two lists", ["lists/two.pkl"], want(logits=logits, metrics=dict(history_loss=loss, logs_loss=error)), kind="pt")
pkl("lists/train.pkl", log(loss=loss, logits=logits, labels=[labels] * E))
pkl("lists/val.pkl", [{"loss": x} for x in error])
case("two files of lists", ["lists/train.pkl", "lists/val.pkl"], want(logits=logits, metrics=dict(train_loss=loss, val_loss=error)), kind="pt")
pkl("lists/keyed.pkl", {3: logits[2], 1: logits[0], 2: logits[1], "labels": labels, "ids": ids})
case("epochs as keys beside labels", ["lists/keyed.pkl"], want(ids=ids, logits=logits), kind="pt")
pkl("lists/records.pkl", {**{e + 1: {"logits": logits[e], "train_loss": loss[e]} for e in range(E)}, "labels": labels})
case("records of epochs as keys beside labels", ["lists/records.pkl"], want(logits=logits, metrics=dict(train_loss=loss)), kind="pt")
pkl("lists/classes.pkl", {0: "cat", 1: "dog", "logits": logits, "labels": labels})
case("names of classes as keys", ["lists/classes.pkl"], ordered, kind="pt")
pkl("lists/lists.pkl", {"logits": logits.tolist(), "labels": labels.tolist()})
case("lists within lists", ["lists/lists.pkl"], kind="pt", error="'logits' is made of lists within lists; as logits save it as one array")
# ---- lists of one epoch, and of every epoch ---------------------------------------------------------------------------
mixed = np.stack([rng.permutation(N) for _ in range(E)])
for e, o in enumerate(mixed):
    one = dict(logits=logits[e][o], ids=ids[o], labels=labels[o])
    for name, array in one.items():
        npy(f"single/{name}/{name}_epoch_{e + 1}.npy", array)
    npz(f"late/epoch_{e + 1}.npz", **one, **(dict(features=features[o], names=names[o]) if e == 2 else {}),
        **(dict(test_error=error[e]) if e else {}), targets=targets[o], el2n=el2n[e][o])
    npz(f"every/epoch_{e + 1}.npz", **one, features=features[o] + e, names=names[o])
    npz(f"others/epoch_{e + 1}.npz", **one, targets=targets[o] if e < 2 else np.roll(targets[o], 1, 1))
    npz(f"no-ids/epoch_{e + 1}.npz", logits=logits[e][o], labels=labels[o], **(dict(ids=ids[o]) if e else {}))
    npz(f"names/epoch_{e + 1}.npz", logits=logits[e][o], names=names[o])
    npz(f"same-names/epoch_{e + 1}.npz", logits=logits[e], names=names)
    npz(f"other-names/epoch_{e + 1}.npz", **one, names=names)
npy("single/features_epoch_3.npy", features[mixed[2]])
npy("single/targets_epoch_2.npy", targets[mixed[1]])
npy("single/names_epoch_3.npy", names[mixed[2]])
npy("single/names_epoch_4.npy", names)
npy("single/all/labels_epoch_3.npy", labels[mixed[2]])
scattered = dict(ids=sorted_ids, labels=labels[by_id], logits=logits[:, by_id])
base = ["single/logits", "single/ids"]
case("lists of one epoch", base + ["single/labels", "single/features_epoch_3.npy", "single/targets_epoch_2.npy", "single/names_epoch_3.npy"],
     want(names=names[by_id], features=features[by_id], targets=targets[by_id], **scattered))
case("labels of one epoch", base + ["single/all"], want(**scattered))
case("a list of an epoch without ids", base + ["single/labels", "single/names_epoch_4.npy"],
     error="names_epoch_4.npy: 'names': it is of epoch 4, of which there are no ids")
case("lists that the first files lack", ["late"], want(
    names=names[by_id], features=features[by_id], targets=targets[by_id], **scattered, **{"scores/el2n": el2n[:, by_id]},
    metrics=dict(test_error=[None, *error[1:]])), note="'targets' comes at 3 checkpoints, and /targets is the same at all of them.")
case("features of every epoch", ["every"], want(names=names[by_id], features=features[by_id] + 2, **scattered),
     note="'features' comes at 3 checkpoints, and /features is that of the last.")
case("soft labels that change", ["others"], error="'targets', checkpoint 2: the soft labels of sample 0 (id 0) are others than at checkpoint 0")
case("ids that the first file lacks", ["no-ids"], error="'ids': ids of 2 checkpoints for 3 checkpoints")
case("shuffled names without ids", ["names", "labels.npy"], error="'names', checkpoint 1: sample 0 (id 0) is called 'bild-")
case("the same names at every epoch", ["same-names", "labels.npy"], want(names=names, logits=logits))
case("names that contradict ids", ["other-names"], error="'names', checkpoint 1: sample ")
with h5py.File(path("single/groups.h5"), "w") as file:
    for e, o in enumerate(mixed):
        file[f"epoch_{e + 1}/logits"], file[f"epoch_{e + 1}/ids"] = logits[e][o], np.arange(N)[o]
    file["epoch_1/labels"] = labels[mixed[0]]
    file["epoch_2/features"] = features[mixed[1]]
case("groups of which one has the labels", ["single/groups.h5"], want(logits=logits, features=features), kind="h5")
with h5py.File(path("single/mapped.h5"), "w") as file:
    for e, o in enumerate(mixed):
        file[f"epoch_{e + 1}/logits"], file[f"epoch_{e + 1}/ids"] = logits[e][o], np.arange(N)[o]
        if e < 2:
            file[f"epoch_{e + 1}/features"] = features[o] + e
    file["labels"] = labels
case("features of some epochs", ["single/mapped.h5"], want(logits=logits, features=features + 1), kind="h5",
     note="'features' comes at 2 checkpoints, and /features is that of the last.")
case("features of a mapped epoch", ["single/mapped.h5"], want(logits=logits, features=features), kind="h5",
     map={"features": "epoch_1/features"})
npz("single/axis.npz", logits=np.stack([logits[e][o] for e, o in enumerate(mixed)]), ids=mixed, labels=labels,
    features=np.stack([features[o] for o in mixed[:2]]))
case("features on an axis of their own", ["single/axis.npz"],
     error="'features': it comes at 2 checkpoints without numbers, and the ids 'ids' at 3: nothing says which are the same")
for e in range(2):
    for rank, part in enumerate([slice(0, 4 - e), slice(4 - e, 7)]):
        npy(f"uneven/logits/logits_epoch_{e + 1}_rank{rank}.npy", logits[e][part])
    for rank, part in enumerate([slice(0, 4), slice(4, 7)]):
        npy(f"uneven/ids/ids_epoch_{e + 1}_rank{rank}.npy", np.arange(N)[part])
        npy(f"uneven/labels/labels_rank{2 * rank}.npy", labels[part])
        npy(f"ranked/labels/labels_rank{rank}.npy", labels[part])
        npy(f"ranked/logits/logits_epoch_{e + 1}_rank{rank}.npy", logits[e][part])
        npy(f"ranked/ids/ids_epoch_{e + 1}_rank{rank}.npy", np.arange(N)[part])
case("ranks of other sizes in a later epoch", ["uneven/logits", "uneven/ids", "labels.npy"],
     error="'ids', checkpoint 1: it comes in 2 files of 4, 3 rows (ranks 0, 1), but 'logits' in 2 files of 3, 4 rows (ranks 0, 1)")
case("other ranks", ["joined/logits_rank0.npy", "joined/logits_rank1.npy", "uneven/labels"],
     error="it comes in 2 files of 4, 3 rows (ranks 0, 2), but 'logits' in 2 files of 4, 3 rows (ranks 0, 1)")
case("labels by rank beside ids per epoch", ["ranked/logits", "ranked/labels", "ranked/ids"],
     error="'labels': it comes in 2 files of 4, 3 rows (ranks 0, 1), and the ids 'ids' come by checkpoint: log it in their files")
# ---- several saves in one file, steps, texts of NumPy's ---------------------------------------------------------------
with open(path("saves/logits.npy"), "wb") as file:
    for e in range(E):
        np.save(file, logits[e])
case("several arrays in one file", ["saves/logits.npy", "labels.npy"], error="array 'logits': another array follows in 480 more bytes: save them apart")
with open(path("saves/twice.npz"), "wb") as file:
    for e in range(2):
        np.savez(file, logits=logits[e], labels=labels)
case("several archives in one file", ["saves/twice.npz"], error="does not begin where the file does: are there several saves in it?")
npz("steps.npz", logits=logits, labels=labels, step=[10, 20, 30], loss_=[1, 2, 3])
case("steps within a file", ["steps.npz"], want(epochs=[2, 4, 6], logits=logits, metrics=dict(loss_=[1, 2, 3])), stepsPerEpoch=5)
case("steps of unknown length", ["steps.npz"], want(logits=logits, metrics=dict(loss_=[1, 2, 3], step=[10, 20, 30])),
     note="--steps-per-epoch says what 'step' is in epochs")
pkl("lists/texts.pkl", {"logits": logits, "labels": labels, "names": list(names)})
case("a list of NumPy's texts", ["lists/texts.pkl"], want(names=names, logits=logits), kind="pt")
pkl("lists/doubled.pkl", [{"epoch": e, "logits": logits[i], "labels": labels, "ids": np.arange(N)} for i, e in enumerate([1, 2, 2])])
case("two records of one epoch", ["lists/doubled.pkl"], want(epochs=[1, 2], logits=logits[:2]), kind="pt",
     warning="Checkpoint 1 (epoch 2) has 14 rows of 7 samples: are they two checkpoints of one epoch?")
part = log(logits=logits, labels=[labels] * E)
pkl("lists/partial.pkl", [{**one, **(dict(divergence=el2n[e], samples_seen=e * 50) if e else {})} for e, one in enumerate(part)])
case("a record that the first epoch lacks", ["lists/partial.pkl"], want(logits=logits), kind="pt",
     warning="'partial/divergence' is left out: it comes at 2 of 3 checkpoints, and /scores/divergence needs all")
case("a record that the first epoch lacks, mapped", ["lists/partial.pkl"], kind="pt", map={"divergence": "divergence"},
     error="2 checkpoints for /scores/divergence, but /logits has 3")
pkl("lists/late-epoch.pkl", [{k: v for k, v in one.items() if e or k != "epoch"} for e, one in enumerate(part)])
case("a first record without an epoch", ["lists/late-epoch.pkl"], want(logits=logits), kind="pt", note="The files number no epochs")
batches = [{"epoch": e + 1, "logits": logits[e][b], "labels": labels[b], "ids": np.arange(N)[b], **({"epoch_loss": loss[e]} if last else {})}
           for e in range(E) for last, b in enumerate([slice(0, 4), slice(4, 7)])]
pkl("lists/batches.pkl", batches)
case("a number in the last batch of an epoch", ["lists/batches.pkl"], want(logits=logits), kind="pt",
     note="batches/epoch_loss (not in every record of an epoch)")
for batch in batches[1::2]:
    del batch["ids"]
pkl("lists/batches-ids.pkl", batches)
case("a batch without ids", ["lists/batches-ids.pkl"], kind="pt", error="it lacks 'ids', which others of its epoch have")
pkl("lists/wide.pkl", {**{e + 1: {"logits": logits[e], **({"features": features} if e == 2 else {})} for e in range(E)}, "labels": labels})
case("records as keys, the last with more", ["lists/wide.pkl"], want(logits=logits, features=features), kind="pt")
npz("twins/a.npz", logits=logits, lr=loss)
npz("twins/b.npz", labels=labels, lr=loss)
npz("twins/c.npz", labels=labels, lr=error)
case("one metric in two files", ["twins/a.npz", "twins/b.npz"], want(logits=logits, metrics=dict(lr=loss)))
case("two metrics of one name in two files", ["twins/a.npz", "twins/c.npz"], error="called 'lr', of two files: import one of them")
for rank, part in enumerate([slice(0, 4), slice(4, 7)]):
    npy(f"node12/logits_rank{rank}.npy", logits[:, part])
    npy(f"node12/x/labels_rank{rank}.npy", labels[part])
case("folders that are numbered", ["node12/logits_rank0.npy", "node12/logits_rank1.npy", "joined/labels-rank0.npy", "joined/labels-rank1.npy"], ordered)
with open(path("saves/padded.npy"), "wb") as file:
    np.save(file, logits)
    file.write(bytes(512))
case("zeros behind an array", ["saves/padded.npy", "labels.npy"], map={"logits": "padded"}, expect=ordered)
npz("agree/one.npz", logits=3 * np.eye(2, dtype="f4")[np.zeros(240, int)][None], labels=np.zeros(240, int))
case("labels of one class", ["agree/one.npz"], silent=True,
     expect=want(epochs=[1], ids=np.arange(240), labels=np.zeros(240, int), logits=3 * np.eye(2)[np.zeros(240, int)][None]))
npz("keys/lone-ids.npz", **{f"epoch_{e + 1}/logits": logits[e] for e in range(E)}, **{"epoch_1/ids": ids}, labels=labels)
case("ids of one epoch alone", ["keys/lone-ids.npz"], error="'epoch_1/ids': ids of epoch 1 alone for 3 checkpoints")
npz("keys/one-features.npz", logits=logits, labels=labels, features=features, features_epoch_1=features + 1, features_epoch_2=features + 2)
case("features beside those of epochs", ["keys/one-features.npz"], want(logits=logits, features=features), note="features_epoch_1")
pkl("lists/last.pkl", {"epoch": 30, "logits": logits, "labels": labels})
case("the number of the last epoch", ["lists/last.pkl"], ordered, kind="pt", note="'epoch' is one number for 3 checkpoints, and is left out")
nan_loss = [float("nan"), 1.5, 1.0]
npz("twins/d.npz", logits=logits, lr=nan_loss)
npz("twins/e.npz", labels=labels, lr=nan_loss)
case("one metric with NaN in two files", ["twins/d.npz", "twins/e.npz"], want(logits=logits, metrics=dict(lr=[None, 1.5, 1.0])))
for rank, part in enumerate([slice(0, 4), slice(4, 7)]):
    npy(f"tests/test_logits_rank{rank}.npy", logits[2][part])
npy("tests/test_labels.npy", labels)
npz("tests/run.npz", logits=logits, labels=labels)
case("test labels in one file", ["tests"], error="the last in 1 file of 7 rows, for test logits of 1 checkpoint, the last in 2 files of 4, 3 rows (ranks 0, 1)")
with open(path("saves/endless.npy"), "wb") as file:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (2**61 - 1,)})
case("a shape beyond all files", ["saves/endless.npy", "labels.npy"], map={"logits": "endless"}, error="it declares [2305843009213693951] elements of 4 bytes")
npz("keys/two-ids.npz", **{f"logits_epoch_{e + 1}": logits[e] for e in range(E)}, **{f"ids_epoch_{e + 1}": np.arange(N) for e in range(E)},
    all=np.arange(N) - 1, labels=labels)
case("ids of epochs left aside", ["keys/two-ids.npz"], want(ids=np.arange(N) - 1, logits=logits), map={"ids": "all"},
     warning="'ids' has ids of each checkpoint, and 'all' is taken for all of them")
pkl("lists/numbered.pkl", {0: logits, 1: labels, "note": logits})
case("numbers as keys, mapped", ["lists/numbered.pkl"], ordered, kind="pt", map={"logits": "0", "labels": "1"})
pkl("lists/stats.pkl", {"val": {"loss": loss}, "val_loss": error, "logits": logits, "labels": labels})
case("two metrics of one name", ["lists/stats.pkl"], kind="pt", error="two metrics would both be called 'val_loss'; name this one: --map NAME=")
# ---- labels of other rows -------------------------------------------------------------------------------------------
many, shuffle = rng.integers(0, C, 240), rng.permutation(240)
sure = np.eye(C, dtype="f4")[many][None] * 4 + (rng.integers(-8, 8, (1, 240, C)) / 8).astype("f4")
npz("agree/right.npz", logits=sure[:, shuffle], labels=many[shuffle], ids=shuffle)
npz("agree/other.npz", logits=sure[:, shuffle], labels=many, ids=shuffle)
case("labels beside their rows", ["agree/right.npz"], want(epochs=[1], logits=sure, labels=many, ids=np.arange(240)), silent=True)
case("labels in another order", ["agree/other.npz"], want(epochs=[1], ids=shuffle, labels=many, logits=sure[:, shuffle]),
     warning="samples, no more than by chance: are these the labels of these rows, in the same order?")

with open("files.json", "w") as file:
    json.dump(cases, file, indent=0, ensure_ascii=False)
