"""Times models side by side: `accel-tf benchmark`.

Every system runs in a process of its own and in each round all of them take
turns in a random order, beside measurements of what the machine can do.
Nothing is imported here: the processes must not load one another's frameworks.
"""
