"""Documents: files whose text can be found and cited."""
