"""What a slot question reads."""
