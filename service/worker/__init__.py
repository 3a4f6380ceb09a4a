"""What happens on its own: followers, the evaluation of rules, and deliveries, each by one process at a time."""
