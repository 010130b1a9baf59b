"""edgewarm: capacity warm before the traffic comes, at the lowest cost that keeps the promise, and able to say why."""
