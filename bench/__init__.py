"""Benchmarks of Slotbridge beside baselines, and a model of its capacity and cost."""
