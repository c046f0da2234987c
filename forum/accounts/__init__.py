"""How a person gets in and stays safe: invitation, sign-in, second factor, devices."""
