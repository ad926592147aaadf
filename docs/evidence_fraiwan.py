"""Rows of the evidence table: Fraiwan's classes, by a network and by what sees no spine."""

from dataclasses import replace

from evidence_rows import PERSONS, Rows, Source, mean, part, plain
from fraiwan_figures import DECIDES, named
from results import result


def fraiwan_rows() -> Rows:
    """The classifier of Fraiwan's classes, and what knows the class without the spine."""
    told = result("fraiwan-classes")
    folds = f"{told['repeats']} x {told['folds']}-fold cross-validation by person"
    held_out = f"{folds}; the shipped network saw every film"
    shipped = Source("fraiwan-classes", "real", "Fraiwan's set", held_out, "fraiwan3 1")
    every, crops = told["films"]["all"], told["films"]["pacs_crop"]
    n = f"{every['films']} films of {every['persons']} persons"
    n_crops = f"{crops['films']} films of {crops['persons']} persons"
    two = [crops[label] for label in ("normal", "scoliosis")]
    n_two = f"{sum(t['films'] for t in two)} films of {sum(t['persons'] for t in two)} persons"
    known = {"this model": told["model"]} | {
        named(name): one for name, one in told["without_spine"].items()
    }
    rows: Rows = []
    without = replace(shipped, model="no model: without the spine, or without the picture")
    for who, one in known.items():
        source = shipped if who == "this model" else without
        rows.append(
            mean(
                source,
                f"normal or scoliosis, PACS crops, AUC: {who}",
                one[DECIDES],
                "",
                n_two,
                PERSONS,
                2,
            )
        )
        if ", taught on PACS crops alone" in who:
            continue
        area, on_crops = one["macro_roc_auc"], one["pacs_crop_macro_roc_auc"]
        rows.append(mean(source, f"three classes, macro AUC: {who}", area, "", n, PERSONS, 2))
        asked = f"three classes, PACS crops, macro AUC: {who}"
        rows.append(mean(source, asked, on_crops, "", n_crops, PERSONS, 2))
        for key in ("accuracy", "balanced_accuracy"):
            asked = f"three classes, {key.replace('_', ' ')}: {who}"
            rows.append(part(source, asked, one[key], "films", PERSONS, every["films"]))
    source, curve = shipped, told["largest_measured_curve"]
    asked = "normal or scoliosis, PACS crops, AUC: no classifier, the largest measured curve"
    rows.append(mean(source, asked, curve[DECIDES], "", n_two, PERSONS, 2))
    for who, one in (
        ("the best without the picture", told["best_without_picture"]),
        ("the best without the spine", told["best_without_spine"]),
        ("the measured curve", curve),
    ):
        asked = f"the same, this model minus {who}"
        rows.append(mean(source, asked, one["model_minus_it"], "", n_two, PERSONS, 2))
    for key, what in (("all", every), ("pacs_crop", crops)):
        sets = told["calibration"][key]["prediction_sets"]
        for label, entry in sets["coverage_by_label"].items():
            asked = f"prediction sets hold the label, {label}, {key.replace('_', ' ')}"
            rows.append(part(source, asked, entry, "films", PERSONS, what[label]["films"]))
        asked, held = f"prediction sets hold the label, {key.replace('_', ' ')}", sets["coverage"]
        rows.append(part(source, asked, held, "films", PERSONS, what["films"]))
        asked, n_of = (
            f"labels in a prediction set, {key.replace('_', ' ')}",
            f"{what['films']} films",
        )
        rows.append(mean(source, asked, sets["mean_size"], "", n_of, PERSONS))
        asked = f"prediction sets of one label, {key.replace('_', ' ')}"
        rows.append(
            part(source, asked, sets["share_of_one_label"], "films", PERSONS, what["films"])
        )
    return rows + backbone_rows(n, n_two, every["films"]) + head_rows()


def backbone_rows(n: str, n_two: str, films: int) -> Rows:
    """Backbones of one small budget."""
    rows: Rows = []
    for run in result("fraiwan-classes")["backbones"].values():
        start = "from scratch" if run["start"] == "none" else "from ImageNet"
        model = f"not shipped: {run['backbone']}, {start}"
        held_out = "one grouped 5-fold cross-validation by person"
        source = Source("fraiwan-classes", "real", "Fraiwan's set", held_out, model)
        who = f"{run['backbone']} {start}, {run['epochs']} epochs"
        area, two = run["macro_roc_auc"], run[DECIDES]
        rows += [
            mean(source, f"three classes, macro AUC: {who}", area, "", n, PERSONS, 2),
            part(
                source, f"three classes, accuracy: {who}", run["accuracy"], "films", PERSONS, films
            ),
            mean(
                source, f"normal or scoliosis, PACS crops, AUC: {who}", two, "", n_two, PERSONS, 2
            ),
            plain(source, f"size of the weights: {who}", run["weights_mb"], " MB", "one network"),
        ]
    return rows


def head_rows() -> Rows:
    """Simple heads on a frozen backbone's features."""
    told = result("frozen-features")
    rows: Rows = []
    for head, one in told["heads"].items():
        model = f"not shipped: {head} on frozen {told['backbone']}"
        held_out = "5-fold cross-validation by person"
        source = Source("frozen-features", "real", "Fraiwan's set", held_out, model)
        for place, which in ((one["all"], ""), (one["source_style"]["pacs_crop"], ", PACS crops")):
            films = place["n_films"]
            n = f"{films} films of {place['n_groups']} persons"
            area = place["macro_roc_auc"]
            rows.append(
                mean(source, f"three classes, macro AUC{which}: {head}", area, "", n, PERSONS, 2)
            )
            asked = f"three classes, balanced accuracy{which}: {head}"
            balanced = place["balanced_accuracy"]
            rows.append(part(source, asked, balanced, "films", PERSONS, films))
    return rows
