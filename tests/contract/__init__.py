"""What holds for every component, every previewed stack and every file, whoever wrote it."""
