"""The calendar providers behind one port."""
