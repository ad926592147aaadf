"""Films in, pictures and pages out. pydicom and Pillow are imported in this room alone."""
