"""What the doors offer: one file a verb, each read like the runbook it carries out."""
