"""Steps that several flows share; a step is part of a flow, never a flow of its own."""
