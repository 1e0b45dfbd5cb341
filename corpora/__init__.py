"""The development data, which lies beside the project: ``bench`` measures with it, ``training``
fits, and tests hold figures on it."""
