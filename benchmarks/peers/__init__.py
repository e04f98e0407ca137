"""One small adapter per library: `op(state, sink, **args)`, `prepare_op(path, **args)`, `columns(result)`."""
