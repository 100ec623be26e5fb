"""Writes huggingface/checkpoint-*/trainer_state.json with transformers 5.23.0 (TrainerState.save_to_json; pip install
transformers): three epochs of 8 steps, a training entry every 4 steps, an evaluation at the end of each epoch, the
summary at the end. Expected values in huggingface.json.
"""
import json
import shutil
from pathlib import Path

from transformers.trainer_callback import TrainerState

HERE = Path(__file__).parent
shutil.rmtree(HERE / "huggingface", ignore_errors=True)
state = TrainerState(num_train_epochs=3, max_steps=24, logging_steps=4, eval_steps=8, save_steps=8, train_batch_size=16)
expected = {"epochs": [], "loss": [], "eval_loss": [], "learning_rate": [], "step": []}
for step in range(4, 25, 4):
    epoch = step / 8
    state.global_step, state.epoch = step, epoch
    entry = {"loss": 4 / step, "grad_norm": float("nan") if step == 12 else 1.0, "learning_rate": 1e-3 * (1 - step / 24),
             "epoch": epoch, "step": step}
    state.log_history.append(entry)
    evaluation = None
    if step % 8 == 0:
        evaluation = 5 / step
        state.log_history.append({"eval_loss": evaluation, "eval_accuracy": 0.5 + epoch / 10, "epoch": epoch, "step": step})
    expected["epochs"].append(epoch)
    expected["loss"].append(entry["loss"])
    expected["learning_rate"].append(entry["learning_rate"])
    expected["eval_loss"].append(evaluation)
    expected["step"].append(step)
    if step == 24:
        state.log_history.append({"train_runtime": 1.5, "train_loss": 0.3, "total_flos": 1e9, "epoch": 3.0, "step": 24})
    if step in (16, 24):
        folder = HERE / "huggingface" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        state.save_to_json(str(folder / "trainer_state.json"))
(HERE / "huggingface.json").write_text(json.dumps(expected, indent=1) + "\n")
