"""XML syntax and documents."""
