"""SM2 signatures with SM3, behind one seam."""
