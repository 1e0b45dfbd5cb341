"""Our library beside its peers: the same passages, model and questions, in one run."""
