"""Writes mlflow/mlruns and mlflow/mlflow.db with mlflow-skinny 3.17.2 (pip install mlflow-skinny sqlalchemy alembic): the
same two runs in the file store and in SQLite, and a deleted one. Expected values in mlflow.json.
"""
import json
import math
import os
import shutil
import sqlite3
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "mlflow"
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir()
os.chdir(OUT)
os.environ.update(USER="user", LOGNAME="user", MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_DISABLE_TELEMETRY="true")
from mlflow.entities import Metric, Param  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402

expected = {}
for store in ["file:mlruns", "sqlite:///mlflow.db"]:
    client = MlflowClient(tracking_uri=store)
    experiment = client.create_experiment("subsets", artifact_location="artifacts")
    for seed in (1, 2, 3):
        run = client.create_run(experiment, start_time=1_700_000_000_000, run_name=f"seed{seed}", tags={"mlflow.user": "user"})
        metrics = []
        for epoch in range(1, 5):
            time = 1_700_000_000_000 + epoch * 1000
            metrics.append(Metric("val/loss", seed + 1 / epoch, time, epoch))
            metrics.append(Metric("acc", math.nan if epoch == 2 else math.inf if epoch == 3 else 0.1 * epoch, time, epoch))
        metrics.append(Metric("val/loss", seed + 9, 1_700_000_000_000 + 4500, 4))  # logged again later
        client.log_batch(run.info.run_id, metrics=metrics,
                         params=[Param("seed", str(seed)), Param("model", "convnet"), Param("lr", "0.1")])
        client.set_terminated(run.info.run_id, end_time=1_700_000_010_000)
        if seed == 3:
            client.delete_run(run.info.run_id)
        else:
            expected[f"subsets/seed{seed}"] = {
                "epochs": [1, 2, 3, 4], "seed": seed, "model": "convnet", "val_loss": [seed + 1, seed + 1 / 2, seed + 1 / 3, seed + 9],
                "acc": [0.1, None, "inf", 0.4], "seconds": [0, 1, 2, 3.5]}

# Of the database only the tables that hold runs are kept, so that the file stays small; of the folder's files the
# addresses of artifacts are cut.
database = sqlite3.connect("mlflow.db")
keep = {"experiments", "runs", "metrics", "params", "tags", "latest_metrics"}
database.execute("PRAGMA foreign_keys = OFF")
for name, kind in database.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall():
    if kind == "table" and name not in keep:
        database.execute(f'DROP TABLE "{name}"')
for name, kind in database.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall():
    if kind == "index":
        database.execute(f'DROP INDEX "{name}"')
database.execute("UPDATE runs SET artifact_uri = '', source_name = '', user_id = 'user'")
database.execute("UPDATE experiments SET artifact_location = ''")
database.execute("DELETE FROM tags")
database.commit()
database.execute("PRAGMA page_size = 512")
database.execute("VACUUM")
database.close()
for meta in Path("mlruns").rglob("meta.yaml"):
    lines = [line for line in meta.read_text().splitlines() if not line.startswith("artifact")]
    meta.write_text("\n".join(lines) + "\n")
for tags in Path("mlruns").rglob("tags"):
    shutil.rmtree(tags)
for empty in [p for p in Path("mlruns").rglob("artifacts")] + [Path("mlruns/.trash")]:
    shutil.rmtree(empty, ignore_errors=True)
(HERE / "mlflow.json").write_text(json.dumps(expected, indent=1) + "\n")
