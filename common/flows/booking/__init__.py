"""Books, holds, moves and cancels appointments."""
