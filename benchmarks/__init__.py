"""Measurements that anyone can repeat, peers included: `python -m benchmarks.<name>`."""
