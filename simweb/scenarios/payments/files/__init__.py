"""What people bring to payments: scenario files, lists of payments, and the ready-made games."""
