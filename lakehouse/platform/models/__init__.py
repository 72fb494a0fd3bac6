"""Trained models as artefacts of the lake: kept by content, promoted by decisions.

- `artefact`: what training makes, its allowed formats, and the version that follows from it.
- `inputs`: which data and which code a model was trained with.
- `store`: register a version, list the versions of a model, read the bytes of one.
- `promotion`: which version is in use; decisions are added and never changed.

How a model is trained and what it predicts belongs to the packages that use it. Nothing here
imports a library of models or Dagster (docs/decisions/0026-models-are-artefacts.md).

    trained = TrainedModel(name="visits", form=Form.JSON, content=data, seed=7, ...)
    version = register(lake, "shop", trained, run_id=None, now=now, today=today)
    promote(lake, "shop", version, by="nightly training", now=now, today=today)
    used = promoted(lake, "shop", "visits")
    data = content_of(lake, "shop", used)
"""
