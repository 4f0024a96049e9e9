"""Pure decisions: plain values in, findings out. No pulumi import."""
