"""Pure builders: values in, Kubernetes objects (dicts) out; only `cluster` sends them."""
