"""Steps that flows of several capabilities share; a step is part of a flow, never a flow of its own."""
