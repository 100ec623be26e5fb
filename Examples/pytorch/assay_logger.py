"""Writes a run of the Assay store (docs/run-store.md) while a PyTorch loop trains."""
import os, h5py, numpy as np, torch
RECORDS = ["target_probability", "logit_margin", "probability_margin", "correct", "loss", "entropy", "el2n"]

class AssayLogger:
    def __init__(self, store, run_id, labels, ids=None, logits=False, **attributes):
        self.base, self.labels, self.keep, self.parts = f"{store}/{run_id}", np.asarray(labels, "i4"), logits, []
        self.samples = {"samples/id": np.arange(len(labels)) if ids is None else ids, "samples/label": self.labels}
        self.attributes = {"format": "assay-run", "version": 1, "id": run_id, "writer": "assay_logger.py", **attributes}
        self.arrays = {"scores/" + name: np.full((1, len(labels)), np.nan, "f4") for name in RECORDS}
        if os.path.exists(self.base + ".h5"): raise FileExistsError(self.base + ".h5")
        os.makedirs(self.base + ".partial")  # raises where a run of this id was begun already

    def batch(self, index, z):
        """Logits z [n, C] of the samples at positions `index` of `labels`: in any order; of repeats the last counts."""
        index, z = index.cpu().numpy(), z.detach().float().cpu()
        y = torch.from_numpy(self.labels[index]).long()[:, None]
        p, one_hot = z.softmax(1), torch.zeros_like(z).scatter(1, y, 1)
        margins = [x.gather(1, y)[:, 0] - x.scatter(1, y, -torch.inf).amax(1) for x in (z, p)]
        records = [p.gather(1, y)[:, 0], *margins, z.argmax(1) == y[:, 0], -z.log_softmax(1).gather(1, y)[:, 0],
                   torch.special.entr(p).sum(1), (p - one_hot).norm(dim=1)]
        for name, values in zip(RECORDS, records): self.arrays["scores/" + name][0, index] = values
        if self.keep and "logits" not in self.arrays:
            self.arrays["logits"] = np.full((1, len(self.labels), z.shape[1]), np.nan, "f2")
        if self.keep: self.arrays["logits"][0, index] = z

    def checkpoint(self, epoch, **metrics):
        """Ends a checkpoint: epochs completed, and metrics (test_error in 0…1). When this returns, it is on disk."""
        if bad := sum((~np.isfinite(a)).sum() for a in self.arrays.values()): raise ValueError(f"{bad} values missing or not finite")
        numbers = {"checkpoints/" + k: np.array([v]) for k, v in {"epoch": epoch, **metrics}.items()}
        self.parts.append(f"{self.base}.partial/part-{len(self.parts):06}.h5")
        with h5py.File(self.parts[-1] + ".new", "w") as file:
            file.attrs.update(self.attributes)
            for name, array in (self.samples | numbers | self.arrays).items(): file[name] = array
        with open(self.parts[-1] + ".new") as file: os.fsync(file.fileno())
        os.replace(self.parts[-1] + ".new", self.parts[-1])  # whole or not there, whatever kills the process
        for array in self.arrays.values(): array[:] = np.nan
