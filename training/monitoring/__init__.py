"""A round's curves: on its page, as TensorBoard files, on an MLflow server."""
