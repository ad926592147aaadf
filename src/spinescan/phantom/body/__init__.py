"""A person's bones, organs and limbs as solids in the beam."""
