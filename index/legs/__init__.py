"""The two legs of a search and what joins them; they know arrays and numbers, nothing else."""

__all__ = [
    "dense",
    "dense_check",
    "fuse",
    "language_centroids",
    "lexical",
    "postings",
    "postings_check",
    "postings_merge",
    "sentence_vectors",
]
