"""What a call costs, beside the tools people know, on one server in one run."""
