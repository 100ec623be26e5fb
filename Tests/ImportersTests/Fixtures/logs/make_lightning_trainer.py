"""Writes lightning-trainer/: one short training with lightning 2.6.6, validation after each epoch and a test at the end,
logged by CSVLogger and by TensorBoardLogger. (pip install lightning tensorboard torch)

The Trainer counts epochs from 0, writes learning rates on rows without an epoch, and gives its test the epoch after the
last. What it measured, as its callbacks see it, is in lightning-trainer.json.
"""
import json
import shutil
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

HERE = Path(__file__).parent
OUT = HERE / "lightning-trainer"
shutil.rmtree(OUT, ignore_errors=True)
L.seed_everything(1)
data = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(32, 2), torch.randint(0, 2, (32,))), batch_size=8)


class Model(L.LightningModule):
    def __init__(self, seed):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, 2)

    def measure(self, name, batch):
        loss = torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])
        self.log(name, loss)
        return loss

    def training_step(self, batch, _):
        return self.measure("train_loss", batch)

    def validation_step(self, batch, _):
        self.measure("val_loss", batch)

    def test_step(self, batch, _):
        self.measure("test_loss", batch)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]


class Listener(L.Callback):
    def __init__(self):
        self.seen = {"epochs": [1, 2, 3], "train_loss": [], "val_loss": [], "learning_rate": [], "test_loss": [None, None]}

    def on_train_epoch_end(self, trainer, _):
        for name in ("train_loss", "val_loss"):
            self.seen[name].append(float(trainer.callback_metrics[name]))
        self.seen["learning_rate"].append(0.1 * 0.5 ** trainer.current_epoch)

    def on_test_end(self, trainer, _):
        self.seen["test_loss"].append(float(trainer.callback_metrics["test_loss"]))


expected = {}
for kind, logger in [("csv", CSVLogger(OUT, name="csv", version=0)), ("tb", TensorBoardLogger(OUT, name="tb", version=0))]:
    listener = Listener()
    trainer = L.Trainer(
        max_epochs=3, logger=logger, callbacks=[LearningRateMonitor(), listener], log_every_n_steps=2, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
    model = Model(seed=1)
    trainer.fit(model, data, data)
    trainer.test(model, data, verbose=False)
    expected[kind] = listener.seen
# The writers put the machine's name and process ids into names.
for number, file in enumerate(sorted((OUT / "tb" / "version_0").glob("events*"))):
    file.rename(file.with_name(f"events.out.tfevents.{number}.host"))
(HERE / "lightning-trainer.json").write_text(json.dumps(expected, indent=1) + "\n")
