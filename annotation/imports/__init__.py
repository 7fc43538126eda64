"""Reading people's files: one pass, bounded memory, every complaint with its line. Knows no database."""
