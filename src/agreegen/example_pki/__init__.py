"""A throw-away PKI for samples, demonstrations and tests; everything in it says EXAMPLE."""
