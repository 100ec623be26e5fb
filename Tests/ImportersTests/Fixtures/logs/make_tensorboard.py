"""Writes tensorboard/: event files by torch.utils.tensorboard (simple values), tensorboardX and the tensor summaries of
tensorboard's own plugin (scalar tensors in several types), with expected values in tensorboard.json.
(pip install tensorboard tensorboardX torch numpy)

`restart/` has two files with overlapping steps, as a run that died at step 5 and went on from step 3 leaves them.
"""
import json
import shutil
import socket
import time
from pathlib import Path
from unittest import mock

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter as WriterX
from torch.utils.tensorboard import SummaryWriter

HERE = Path(__file__).parent
OUT = HERE / "tensorboard"
shutil.rmtree(OUT, ignore_errors=True)
socket.gethostname = lambda: "host"  # the names of event files tell the machine otherwise
START = 1_700_000_000.0
expected = {}


def at(seconds):
    """Every clock that the writers read says this."""
    return mock.patch("time.time", lambda: START + seconds)


def torch_run(folder, first, last, offset, begin, **options):
    with at(begin):
        writer = SummaryWriter(str(OUT / folder), **options)
        for step in range(first, last + 1):
            writer.add_scalar("val/loss", offset + 1 / step, step, walltime=START + begin + step)
            writer.add_scalar("lr", 0.1 / step, step, walltime=START + begin + step)
            if step % 2 == 0:
                writer.add_scalar("acc", 50 + offset + step, step, walltime=START + begin + step)
            if step == 1:
                writer.add_histogram("weights", np.arange(4.0), step, walltime=START + begin + step)
        writer.close()


single = lambda x: float(np.float32(x))
torch_run("plain", 1, 4, 0, 0)
expected["plain"] = {"epochs": [1, 2, 3, 4], "val_loss": [single(1 / s) for s in range(1, 5)],
                     "learning_rate": [single(0.1 / s) for s in range(1, 5)], "acc": [None, 52, None, 54],
                     "seconds": [0, 1, 2, 3]}

torch_run("restart", 1, 5, 0, 0)
torch_run("restart", 3, 6, 10, 100)
expected["restart"] = {"epochs": [1, 2, 3, 4, 5, 6], "val_loss": [single((0 if s < 3 else 10) + 1 / s) for s in range(1, 7)],
                       "acc": [None, 52, None, 64, None, 66]}

# A session that voids what stands at step 4 and after it, for all tags, and goes on with one of them.
torch_run("purge", 1, 5, 0, 0)
with at(100):
    writer = SummaryWriter(str(OUT / "purge"), purge_step=4)
    writer.add_scalar("lr", 0.5, 4, walltime=START + 104)
    writer.close()
expected["purge"] = {"epochs": [1, 2, 3, 4], "val_loss": [1, 0.5, single(1 / 3), None], "acc": [None, 52, None, None],
                     "learning_rate": [single(0.1), single(0.05), single(0.1 / 3), 0.5]}

with at(0):
    writer = WriterX(str(OUT / "x"))
    for step in range(1, 4):
        writer.add_scalar("loss", float("inf") if step == 2 else 2.0 / step, step, walltime=START + step)
    writer.close()
expected["x"] = {"epochs": [1, 2, 3], "loss": [2, "inf", single(2 / 3)]}

kinds = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i32": np.int32, "i64": np.int64, "u8": np.uint8,
         "b": np.bool_}
with at(0):
    writer = EventFileWriter(str(OUT / "tensors"))
    for step in range(1, 4):
        summary = summary_pb2.Summary()
        for name, kind in kinds.items():
            value = summary.value.add(tag=name)
            value.tensor.CopyFrom(tensor_util.make_tensor_proto(np.array(step / 3 * (1 if kind is not np.bool_ else 0), kind)))
            if step == 1:
                value.metadata.plugin_data.plugin_name = "scalars"
                value.metadata.data_class = summary_pb2.DATA_CLASS_SCALAR
        # The same in typed lists, as TensorFlow writes small tensors.
        value = summary.value.add(tag="listed_f64")
        value.tensor.dtype = types_pb2.DT_DOUBLE
        value.tensor.double_val.append(step / 3)
        value = summary.value.add(tag="listed_f16")
        value.tensor.dtype = types_pb2.DT_HALF
        value.tensor.half_val.append(int(np.array(step / 3, np.float16).view(np.uint16)))
        value = summary.value.add(tag="listed_i64")
        value.tensor.dtype = types_pb2.DT_INT64
        value.tensor.int64_val.append(step * 1000)
        value = summary.value.add(tag="words")
        value.tensor.CopyFrom(tensor_util.make_tensor_proto("text"))
        if step == 1:
            value.metadata.plugin_data.plugin_name = "text"
        value = summary.value.add(tag="vector")
        value.tensor.CopyFrom(tensor_util.make_tensor_proto(np.arange(3.0)))
        writer.add_event(event_pb2.Event(wall_time=START + step, step=step, summary=summary))
    writer.close()
expected["tensors"] = {"epochs": [1, 2, 3]} | {
    name: [float(np.array(s / 3 * (1 if kind is not np.bool_ else 0), kind)) for s in (1, 2, 3)] for name, kind in kinds.items()
} | {"listed_f64": [s / 3 for s in (1, 2, 3)], "listed_f16": [float(np.float16(s / 3)) for s in (1, 2, 3)],
     "listed_i64": [1000, 2000, 3000]}

# The writers put process ids into names.
for folder in OUT.iterdir():
    for number, file in enumerate(sorted(folder.iterdir())):
        file.rename(folder / f"events.out.tfevents.{number}.host")
(HERE / "tensorboard.json").write_text(json.dumps(expected, indent=1) + "\n")
