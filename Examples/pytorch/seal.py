"""Joins the checkpoints of a finished run in one file: python seal.py runs/HL/full/5/seed1"""
import os, sys
import h5py


def seal(base):
    folder, aside = base + ".partial", base + ".h5.new"
    if os.path.exists(base + ".h5"):
        raise FileExistsError(base + ".h5")
    parts = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".h5")]
    with h5py.File(aside, "w") as out:
        for at, path in enumerate(parts):
            with h5py.File(path) as part:
                names = []
                part.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
                if at == 0:
                    out.attrs.update(part.attrs)
                    for name in names:
                        of_run = name.startswith("samples/")
                        shape = part[name].shape if of_run else (len(parts), *part[name].shape[1:])
                        out.create_dataset(name, shape, part[name].dtype)
                        if of_run:
                            out[name][...] = part[name][...]
                for name in names:
                    if not name.startswith("samples/"):
                        out[name][at] = part[name][0]
    with open(aside) as file:
        os.fsync(file.fileno())
    os.replace(aside, base + ".h5")
    for path in reversed(parts):
        os.remove(path)
    os.rmdir(folder)


if __name__ == "__main__":
    seal(sys.argv[1])
