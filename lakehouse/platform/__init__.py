"""What every system stands on; knows no business and never imports a domain."""
