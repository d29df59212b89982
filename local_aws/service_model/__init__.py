"""What AWS's own service models say about a request: what it asks for, whether it may, and what AWS answers if not.

Pure, apart from botocore's reading of its models. corrections/requests.py stands at the door with it.
"""
