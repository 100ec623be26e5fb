"""Writes lightning/: what CSVLogger of lightning 2.6.6 leaves of two short runs (pip install lightning).

Training values every 2 steps, validation values at the end of each epoch, as Trainer.fit logs them; epochs and steps
counted from 0. Expected values in lightning.json.
"""
import json
import shutil
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger

HERE = Path(__file__).parent
shutil.rmtree(HERE / "lightning", ignore_errors=True)
expected = {}
for version, rate in [(0, 0.1), (1, 0.05)]:
    logger = CSVLogger(HERE, name="lightning", version=version)
    logger.log_hyperparams({"seed": 7 + version, "model": "convnet", "lr": rate, "layers": [1, 2]})
    step, losses, accuracies, rates = 0, [], [], []
    for epoch in range(3):
        for batch in range(4):
            if step % 2 == 1:
                logger.log_metrics({"train_loss": rate * 10 / (step + 1), "epoch": epoch}, step=step)
            logger.log_metrics({"lr-SGD": rate * 0.9 ** epoch}, step=step)
            step += 1
        accuracy = float("nan") if version == 1 and epoch == 1 else 0.5 + 0.1 * epoch
        logger.log_metrics({"val/acc": accuracy, "epoch": epoch}, step=step - 1)
        losses.append(rate * 10 / step)
        rates.append(rate * 0.9 ** epoch)
        accuracies.append(None if accuracy != accuracy else accuracy)
    logger.save()
    expected[f"version_{version}"] = {
        "epochs": [1, 2, 3], "seed": 7 + version, "train_loss": losses, "val_acc": accuracies, "learning_rate": rates,
        "steps": [4, 8, 12]}
(HERE / "lightning.json").write_text(json.dumps(expected, indent=1) + "\n")
