"""The sample app, and the demo that takes it to staging and to prod."""
