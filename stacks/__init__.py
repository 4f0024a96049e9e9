"""WHAT is composed: settings (the only reader of pulumi.Config), build, one file per topology part."""
