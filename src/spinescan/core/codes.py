"""Every code that a Report or a failure may hold, beside the reasons (`spinescan.io.words`).

A code never changes its meaning. LEVEL stands for a level, such as T5, L5 or S1.
"""

WARNINGS: dict[str, str] = {
    # of the file
    "aspect_conflict": "The header's pixel aspect contradicts its pixel spacing, which is used.",
    "burned_in_annotation": "The header says that text is burned into the picture.",
    "burned_in_unknown": "With --anonymous: whether text in the picture names the patient is not"
    " known.",
    "not_upright": "The header says that the picture does not stand head up.",
    "orientation_invalid": "The patient orientation in the header makes no sense.",
    "pixel_aspect_assumed": "The file gives two printing resolutions; pixels are taken as square.",
    "polarity_conflict": "By its header, the film shows dense parts dark.",
    "spacing_invalid": "A pixel spacing in the header is not plausible and was not used.",
    "view_conflict": "View position, view code and patient orientation of the header disagree.",
    "window_ignored": "The header's grey-value window would hide most of the film: not used.",
    # of what the film shows
    "brace": "The film seems, or was told, to be taken in a brace.",
    "hardware": "Rods or screws seem to be on the film.",
    "levels_disagree_with_sacrum": "The sacrum does not lie where the level names expect it.",
    "levels_not_certain": "The names of the levels are counted; the text tells what is missing.",
    "low_resolution": "A level is less than 20 pixels high.",
    "side_conflict": "The witnesses of the patient's side contradict each other.",
    "side_letters_conflict": "The side letters on the film contradict each other.",
    "variant_ribs": "The ribs seem to end above or below T12.",
    "variant_vertebrae": "There seems to be a vertebra more or less than usual.",
    # of the answers
    "calibration": "How, and on how many films, a classifier that answered was calibrated.",
    "declined_points": "An edit of points that the machine had declined.",
    "edited": "A reader edited the film.",
    # of phantoms, in their truth.json
    "photographed": "The phantom's film was photographed after its truth was taken.",
    "synthetic": "The film is a phantom, and these answers are its truth.",
}

FACTS: dict[str, str] = {
    # of an ALS verdict
    "curves": "How many curves reach 10 degrees.",
    "tp_to_csl": "The transitional point off the central sacral line (CSL), + to the thoracic"
    " curve's convex side.",
    "l5_counter_tilt": "How far L5 tilts back against L4.",
    "hip_prominence": "How far the pelvis stands out against the trunk, + to the thoracic curve's"
    " convex side.",
    "l4_tilt": "How far L4 tilts into the lower curve.",
    "lumbar_apex_to_csl": "The lower apex off the CSL, + to the thoracic curve's concave side.",
    "thoracic_apex_to_csl": "The thoracic apex off the CSL, + to its convex side.",
    "cobb_ratio": "Cobb angle of the lower curve over that of the thoracic one.",
    "length_ratio": "Length of the lower curve over that of the thoracic one.",
    "type_in_draws": "Share of draws of the points within their spreads that give the type.",
    "levels_missing": "Vertebrae that a type needs and that were not found.",
    "csl_approximate": "The CSL is drawn from L5, for want of the sacrum.",
    "levels_uncertain": "The names of the levels are counted, not certain.",
    # of a sagittal verdict
    "kyphosis": "The kyphosis that was judged, against the nearest border of its norm.",
    "kyphosis_norm": "The norm for it, or that none fits.",
    "kyphosis_in_draws": "Share of draws that lie on the same side of the borders.",
    "lordosis": "The lordosis that was judged, against the nearest border of its norm.",
    "lordosis_norm": "The norm for it, or that none fits.",
    "lordosis_in_draws": "Share of draws that lie on the same side of the borders.",
    "SS": "Sacral slope.",
    "PT": "Pelvic tilt.",
    "PI": "Pelvic incidence.",
    "slip_LEVEL_LEVEL": "A slip, against the border from which it counts.",
    "age_unknown": "Norms were used though the patient's age is not known.",
    "posture_unknown": "Norms were used though the patient's posture is not known.",
    "age_and_posture_unknown": "Neither is known.",
    "pi_not_visible": "Lordosis is not held against what this pelvis lets expect.",
    "by_bodies": "Endplates for which the other one of their body stood in.",
}

MEASUREMENTS: dict[str, str] = {
    "T1_tilt": "Tilt of T1 to the picture's horizontal, + where the picture's right is lower.",
    "L4_tilt": "Tilt of L4, likewise.",
    "L5_tilt": "Tilt of L5, likewise.",
    "pelvic_obliquity": "Tilt of the pelvis, likewise.",
    "hip_prominence": "How far the pelvis stands out against the trunk.",
    "trunk_shift": "C7, or T1 where it is not seen, off the central sacral line (CSL).",
    "apical_translation": "A curve's apex off the CSL.",
    "TP_to_CSL": "The transitional point off the CSL.",
    "TK_LEVEL_LEVEL": "Thoracic kyphosis between two levels.",
    "LL_LEVEL_LEVEL": "Lumbar lordosis between two levels.",
    "LL_against_PI": "Lumbar lordosis less what the pelvic incidence lets expect.",
    "SS": "Sacral slope.",
    "PT": "Pelvic tilt.",
    "PI": "Pelvic incidence.",
    "slip_LEVEL_LEVEL": "How far a vertebra slipped on the next, + to the front.",
}

FAILURES: dict[str, str] = {
    # a film that is not read
    "not_found": "There is no such file, case, scan or job.",
    "unreadable": "The system does not let the file be read (rights, a folder, a device).",
    "empty": "The file has no bytes.",
    "truncated": "The file ends too early; nothing is read by halves.",
    "damaged": "Its content contradicts itself or its format.",
    "not_an_image": "It is something else: text, a document, a DICOM object without a picture.",
    "unsupported": "It is an image of a kind that is not read; the message says what to do.",
    "too_large": "It is above a limit, or needs more memory than there is.",
    "too_small": "It is a thumbnail.",
    "multi_frame": "It holds several pictures.",
    "zero_contrast": "All its pixels are alike.",
    "url": "An address could not be fetched.",
    # a scan that is not finished
    "crashed": "The process that scanned the film died.",
    "timeout": "The scan took too long.",
    "internal": "A defect of SpineScan; please report it.",
    "output": "A result could not be written.",
    "dicom_out": "No DICOM result can be made of this film.",
    "key": "The key of pseudonyms cannot be used.",
    # what is wrong beside the film
    "bundle": "A model bundle is missing, damaged, or not what was asked for.",
    "data": "A data set, manifest or recipe is not what was expected.",
    "edit": "An edit is not possible on this film.",
    "missing_extra": "An optional part of SpineScan is not installed.",
    "error": "Any other failure that the message explains.",
}

REFUSALS: dict[str, str] = {
    # of a server of ours
    "bad_request": "The request cannot be understood as HTTP.",
    "token": "A token is needed, or this one is not known.",
    "forbidden": "A page of another site asked.",
    "method": "The address has no such method.",
    "conflict": "It contradicts what is there, such as a film that is in a case already.",
    "host": "The server is not known by that host name.",
    "not_understood": "The body or a parameter is not what was expected.",
    "busy": "Too much waits already; ask again later.",
    "not_ready": "The models are not loaded yet.",
    "refused": "The other side, or the server, declined.",
    "storage": "The disk is full, or what is kept cannot be read.",
    "not_deleted": "Something could not be deleted.",
    "in_use": "Another process works on the cases.",
    "version": "The file of cases is of a newer version, or no file of cases.",
    "pseudonym": "A pseudonym that may name a person.",
    # of a PACS
    "unreachable": "It does not answer.",
    "slow": "It did not answer in time.",
    # of a cluster
    "cluster": "Ray cannot be started, or does not do its work.",
}
"""What a server of ours refuses, or is met at a PACS or a cluster, beside `FAILURES`."""
