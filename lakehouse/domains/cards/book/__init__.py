"""The book of a client: variables over a year of invoices and their payments."""
