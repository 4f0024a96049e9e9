"""HOW a part is built: ComponentResources only. They read no config and no environment."""
