"""The contacts behind the customers (C1). Pure."""
