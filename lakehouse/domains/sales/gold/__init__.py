"""What the business asks for."""
