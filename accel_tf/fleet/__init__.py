"""Many videos on many machines: `accel-tf segment --cluster`.

Ray places the workers and tells when one is lost; here is what they are given
to do, what is written where, and what is known of it.
"""
