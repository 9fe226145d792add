"""ISO 20022 as our banks speak it: models, builders, readers, schemas. Only this room knows it."""
