"""What the policy sets aside: findings that keep their words and their reasons, and count for nothing."""
