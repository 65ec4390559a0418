"""How bookings become provider events, and what an owner did to them since."""
