"""The figures of the classifier of Fraiwan's classes: for its card and its bundle."""

from formats import Told, area, percent, signed

DECIDES = "pacs_crop_normal_scoliosis_roc_auc"
ALONE = "taught on pacs_crop alone: "
WHAT = {
    "all_properties": "all properties of the file together, sex and age among them",
    "film_without_spine": "the film with its spine covered",
    "width": "the width of the file",
    "width_to_height": "the file's ratio of width to height",
    "age": "the age",
}


def named(name: str) -> str:
    """What a classifier without a picture, or without a spine, knows."""
    alone = name.startswith(ALONE)
    what = name.removeprefix(ALONE)
    return WHAT.get(what, what.replace("_", " ")) + (
        ", taught on PACS crops alone" if alone else ""
    )


def verdict(told: Told) -> str:
    """Whether the model is better than what knows only the file, and than what sees no spine."""

    def beats(entry: Told) -> bool:
        return bool(entry["model_minus_it"]["interval_95"][0] > 0)

    file, film = beats(told["best_without_picture"]), beats(told["best_without_spine"])
    if not file:
        return (
            "**It does not beat the best classifier that never looks at the picture** by an "
            "interval that excludes zero."
        )
    if not film:
        return (
            "It beats the best classifier that never looks at the picture by an interval that "
            "excludes zero, **but not the best one that sees the film with the spine covered**: "
            "it need not have looked at the spine."
        )
    return (
        "It beats both by an interval that excludes zero; that the best of them was chosen on "
        "the same films favours them."
    )


def table(told: Told) -> str:
    """All of it as Markdown."""
    model, others, crops = told["model"], told["without_spine"], told["films"]["pacs_crop"]
    normal, curved = crops["normal"], crops["scoliosis"]
    blind, covered = told["best_without_picture"], told["best_without_spine"]
    curve = told["largest_measured_curve"]
    every, old = told["films"]["all"], told["literature"]
    rounds = f"{told['repeats']} x {told['folds']}-fold cross-validation by person"
    pooled = [
        ("this model", model),
        ("all properties of the file, no picture", others["all_properties"]),
        ("the film with its spine covered", others["film_without_spine"]),
    ]
    lines = [
        f"| normal against scoliosis, PACS crops alone ({normal['films']} and {curved['films']} "
        f"films of {normal['persons']} and {curved['persons']} persons), {rounds} "
        "| ROC-AUC (95 % interval) |",
        "|---|---|",
        f"| this model | {area(model[DECIDES])} |",
        f"| best without the picture: {named(blind['name'])} "
        f"| {area(others[blind['name']][DECIDES])} |",
        f"| best without the spine: {named(covered['name'])} "
        f"| {area(others[covered['name']][DECIDES])} |",
        f"| no classifier: the largest curve that a scan measures | {area(curve[DECIDES])} |",
        f"| it minus the best without the picture | {signed(blind['model_minus_it'])} |",
        f"| it minus the best without the spine | {signed(covered['model_minus_it'])} |",
        f"| it minus the measured curve | {signed(curve['model_minus_it'])} |",
        "",
        verdict(told),
        "",
        f"| three classes, all {every['films']} films of {every['persons']} persons, {rounds} "
        "| macro ROC-AUC | accuracy | balanced accuracy |",
        "|---|---|---|---|",
        *(
            f"| {name} | {area(one['macro_roc_auc'])} | {percent(one['accuracy'])} "
            f"| {percent(one['balanced_accuracy'])} |"
            for name, one in pooled
        ),
        f"| the set's authors (doi {old['doi']}; {old['films']} films, other splits) | "
        f"| {100 * old['accuracy']:.1f} % | |",
        "",
        "Macro ROC-AUC of the three classes on PACS crops alone: this model "
        f"{area(model['pacs_crop_macro_roc_auc'])}, all properties of the file "
        f"{area(others['all_properties']['pacs_crop_macro_roc_auc'])}.",
        "",
        *sets(told),
        "",
        *backbones(told),
    ]
    return "\n".join(lines) + "\n"


def sets(told: Told) -> list[str]:
    """What prediction sets do on films that did not fit them, as lines of Markdown."""
    found = told["calibration"]
    codes = tuple(found["all"]["prediction_sets"]["coverage_by_label"])
    rows = []
    for key, what in (("all", "all films"), ("pacs_crop", "PACS crops")):
        one = found[key]["prediction_sets"]
        cells = [percent(one["coverage_by_label"][code]) for code in codes]
        rows.append(f"| {what} | {' | '.join(cells)} | {percent(one['share_of_one_label'])} |")
    nominal = found["all"]["prediction_sets"]["nominal_coverage"]
    return [
        f"| share of films whose prediction set for {100 * nominal:.0f} % holds the label, "
        f"cross-validation | {' | '.join(codes)} | sets of one label |",
        f"|{'---|' * (len(codes) + 2)}",
        *rows,
    ]


def backbones(told: Told) -> list[str]:
    """Backbones of one small budget, as lines of Markdown."""
    runs = told["backbones"]
    one = next(iter(runs.values()))
    return [
        f"| one grouped 5-fold, films of {one['rows']} x {one['columns']}, {one['epochs']} epochs, "
        "the same for all | weights | macro ROC-AUC | accuracy | normal against scoliosis, PACS "
        "crops |",
        "|---|---|---|---|---|",
        *(
            f"| {run['backbone']}, {'from scratch' if run['start'] == 'none' else 'from ImageNet'} "
            f"| {run['weights_mb']:.0f} MB | {area(run['macro_roc_auc'])} "
            f"| {percent(run['accuracy'])} | {area(run[DECIDES])} |"
            for run in runs.values()
        ),
        "",
        "With so little training large networks from scratch hardly begin to learn: the table does "
        "not tell what they can do. An ImageNet start of the four was not measured here.",
    ]


def summary(told: Told) -> dict[str, str]:
    """The figures that `spinescan models` prints of the bundle."""
    blind = told["best_without_picture"]
    return {
        "measured_on": f"Fraiwan, {told['repeats']} x {told['folds']}-fold cross-validation by "
        f"person, n = {told['films']['all']['films']}",
        "macro_roc_auc": area(told["model"]["macro_roc_auc"]),
        "of_file_properties_alone": area(told["without_spine"]["all_properties"]["macro_roc_auc"]),
        "normal_scoliosis_roc_auc_on_pacs_crops": area(told["model"][DECIDES]),
        "minus_best_without_picture": signed(blind["model_minus_it"]),
    }
