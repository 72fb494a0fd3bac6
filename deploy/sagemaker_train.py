"""Train a model of the lake in a SageMaker training job, or in a folder with the same layout.

    python deploy/sagemaker_train.py [--prefix /opt/ml]

Reads ``input/config/hyperparameters.json``: ``model`` is ``<domain>/<name>``, ``promote`` is "true"
to put the result into use. Writes the model to ``model/``, and the reason to ``output/failure``
when the training fails. The lake is that of the settings, such as ``LAKEHOUSE_ROOT=s3://…``.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from lakehouse.platform.models.store import content_of, models_of
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

LONGEST_FAILURE = 1024
"""Characters that SageMaker shows of the reason of a failure."""


def train(prefix: Path) -> int:
    """Run the training and return the exit code of the job."""
    given = json.loads((prefix / "input/config/hyperparameters.json").read_text("utf-8"))
    command = [str(Path(sys.executable).with_name("lakehouse")), "models", "train", given["model"]]
    if given.get("promote") != "true":
        command.append("--no-promote")
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stderr)
    if done.returncode:
        (prefix / "output").mkdir(parents=True, exist_ok=True)
        (prefix / "output/failure").write_text(done.stderr[-LONGEST_FAILURE:], "utf-8")
        return 1
    domain, _, name = given["model"].partition("/")
    lake = Lake(Settings.from_env().root)
    version = models_of(lake, domain, name)[-1]
    folder = prefix / "model"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.{version.form}").write_bytes(content_of(lake, domain, version))
    facts = json.dumps(asdict(version), default=str, indent=1)
    (folder / "version.json").write_text(facts, "utf-8")
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--prefix", type=Path, default=Path("/opt/ml"))
    sys.exit(train(words.parse_args().prefix))
