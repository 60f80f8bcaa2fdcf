"""What any server needs: database, bus, tasks, settings. Knows nothing of charging."""
