"""What acts on objects behind the API, each as its namesake in a cluster does: level-triggered, by itself, a
little later than whoever wrote.
"""
