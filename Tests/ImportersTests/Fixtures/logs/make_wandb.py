"""Writes wandb/: offline runs by the installed W&B (0.31.0: `new`, `long`; 0.16.6: `old`, whose values are JSON text and
which wants another environment), and the CSV of a chart as its page exports it. Expected values in wandb-*.json.

    pip install wandb==0.31.0;  python make_wandb.py new
    pip install wandb==0.16.6 'setuptools<70';  python make_wandb.py old
"""
import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "wandb"
OUT.mkdir(exist_ok=True)
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", USER="user", LOGNAME="user", WANDB_HOST="host",
                  WANDB_DISABLE_GIT="true", WANDB_DISABLE_CODE="true", WANDB_CONSOLE="off", WANDB_START_METHOD="thread")
socket.gethostname = lambda: "host"
os.chdir(tempfile.mkdtemp())
sys.argv[0] = "train.py"
import wandb  # noqa: E402

kind = sys.argv[1]


def settings():
    if kind == "new":
        return wandb.Settings(x_disable_stats=True, x_disable_meta=True, console="off", save_code=False, disable_git=True)
    return wandb.Settings(_disable_stats=True, _disable_meta=True, console="off", save_code=False, disable_git=True,
                          program="train.py", program_relpath="train.py", host="host", username="user")


def start(name, config):
    return wandb.init(project="assay", name=name, id=name, dir=os.getcwd(), config=config, settings=settings())


def keep(name):
    shutil.copy(next(Path("wandb").glob(f"offline-run-*-{name}/*.wandb")), OUT / f"{name}.wandb")


expected = {"epochs": [1, 2, 3, 4, 5], "train_loss": [], "val.acc": [], "val.loss": [], "big": [None, "inf", None, None, None],
            "seed": 3, "model": "convnet"}
run = start(kind, {"seed": 3, "model": "convnet", "lr": 0.1, "optimizer": {"name": "sgd"}})
for epoch in range(1, 6):
    loss = float("nan") if epoch == 3 else 0.9 / epoch
    run.log({"epoch": epoch, "train/loss": 1 / epoch, "val": {"acc": 50 + epoch, "loss": loss}, "word": "x",
             "histogram": wandb.Histogram(np_histogram=([1, 2], [0, 1, 2]))})
    if epoch == 2:
        run.log({"epoch": epoch, "big": float("inf")})
    expected["train_loss"].append(1 / epoch)
    expected["val.acc"].append(50 + epoch)
    expected["val.loss"].append(None if epoch == 3 else loss)
run.finish()
keep(kind)
(HERE / f"wandb-{kind}.json").write_text(json.dumps(expected, indent=1) + "\n")

if kind == "new":
    # A record longer than a block of 32 KiB, so that it is cut into fragments.
    run = start("long", {"note": "x" * 40_000, "seed": 4})
    for epoch in range(1, 4):
        run.log({"epoch": epoch, "loss": 1 / epoch})
    run.finish()
    keep("long")
    rows = ['"Step","sunny - day-1 - val/loss","sunny - day-1 - val/loss__MIN","sunny - day-1 - val/loss__MAX",'
            '"dusk-2 - val/loss","dusk-2 - val/loss__MIN","dusk-2 - val/loss__MAX"']
    for step in range(4):
        a, b = 1 / (step + 1), "" if step == 3 else 2 / (step + 1)
        rows.append(",".join(f'"{x}"' for x in (step, a, a, a, b, b, b)))
    (OUT / "chart.csv").write_text("\n".join(rows) + "\n")
