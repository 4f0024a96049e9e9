"""Edge sites: what is planned, what is created, and that nothing comes from elsewhere."""
