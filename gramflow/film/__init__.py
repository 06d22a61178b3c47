"""What is to be done, as data: frames, their order, their keys, the plan."""
