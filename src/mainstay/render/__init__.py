"""What other programs read, written from our values: values in, text out."""
