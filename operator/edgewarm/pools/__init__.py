"""Which nodes an EdgeNodePool has, and how full they are; pure."""
