"""What a text is made of: its language, its terms, its sentences and passages."""

__all__ = ["analysis", "paragraphs", "passages", "sentences", "units", "versions", "words"]
