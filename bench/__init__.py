"""Scripts that measure and print tables; never imported by the product."""
