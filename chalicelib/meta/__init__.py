"""What the API says about itself: its OpenAPI document, the reference page, whether it is well.

Rules: everything here is derived from the routes' registry. What does not belong here: state.
"""
