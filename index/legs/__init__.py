"""The two legs of a search and what joins them; they know arrays and numbers, nothing else."""

__all__ = ["dense", "fuse", "language_centroids", "lexical", "sentence_vectors"]
