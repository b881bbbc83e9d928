"""Images of the person's own: a folder a class, a CSV file or an `.npz`, and where they are kept once taken."""
