"""The schema's history: one revision a file, run on both engines. There is no way back but a backup."""
