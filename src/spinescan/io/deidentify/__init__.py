"""De-identification: a film's file without its patient, by DICOM's Basic Profile (PS3.15 Annex E).

This is for films that are passed on: the file stays a DICOM object of its kind, with all that its
standard asks for, and its identifiers stay consistent with those of the other films of the data
set. `io.dicom_strip` is for films that stay here (a case's): it keeps the few elements that are
read, and nothing else, and its files are no complete DICOM objects.
"""

from spinescan.io.deidentify.film import CleanFilm, clean_film, deidentified
from spinescan.io.deidentify.profile import need_anonymizer
from spinescan.io.deidentify.pseudonyms import Pseudonyms

__all__ = ["CleanFilm", "Pseudonyms", "clean_film", "deidentified", "need_anonymizer"]
