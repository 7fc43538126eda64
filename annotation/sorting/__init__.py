"""Of which type and how hard a prompt is, estimated where nobody has said it. Pure."""
