"""What a clinic does to a film after the exposure: marks, lines, seams, photographs, crops."""
