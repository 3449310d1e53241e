"""Documents that people write: YAML with the place of everything in it, and all that is wrong told at once."""
